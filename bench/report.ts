/** Turns the runs' costs into a page: medians, and ratios against what the same run measured beside them. */
import type { BenchImage } from './images.ts';

/** One run of one image: what each step and each peer took. */
export interface ImageRun {
  readonly image: BenchImage;
  /** Bytes of the file, and those of them that are not holes. */
  readonly size: number;
  readonly allocated: number;
  readonly storedBytes: number;
  readonly movedBytes: number;
  readonly steps: Readonly<
    Record<StepName, { readonly seconds: number; readonly cpuSeconds: number; readonly peakMemory: number }>
  >;
  /** Seconds, by the peer's name. */
  readonly peers: Readonly<Record<string, number>>;
}

export const stepNames = ['import', 'first copy across', 'second copy across', 'copy in region', 'export'] as const;
export type StepName = (typeof stepNames)[number];

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

const MiB = 1024 * 1024;
export const mib = (bytes: number) => `${Math.round(bytes / MiB)} MiB`;
export const seconds = (value: number) => (value < 0.1 ? value.toFixed(3) : value.toFixed(2));

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

/** One section for each image. Ratios are Mimeo's time through the peer's, run by run, and of those the median. */
export function report(runs: readonly (readonly ImageRun[])[]): string {
  return runs.map((ofImage) => section(ofImage)).join('\n\n');
}

function section(runs: readonly ImageRun[]): string {
  const [first] = runs as [ImageRun, ...ImageRun[]];
  const peerNames = Object.keys(first.peers);
  const steps = stepNames.map((step) => [
    step,
    seconds(median(runs.map((run) => run.steps[step].seconds))),
    seconds(median(runs.map((run) => run.steps[step].cpuSeconds))),
    mib(Math.max(...runs.map((run) => run.steps[step].peakMemory))),
  ]);
  const ratios = peerNames.map((peer) => [
    peer,
    seconds(median(runs.map((run) => run.peers[peer] as number))),
    ...(['import', 'first copy across', 'export'] as const).map((step) =>
      median(runs.map((run) => run.steps[step].seconds / (run.peers[peer] as number))).toFixed(2),
    ),
  ]);
  return `## ${first.image.name}: ${first.image.about}

${mib(first.size)}, ${mib(first.allocated)} of it not holes; stored ${mib(median(runs.map((run) => run.storedBytes)))}, moved ${mib(median(runs.map((run) => run.movedBytes)))} to the other region.

${table(['Mimeo', 'seconds', 'CPU seconds (server, database, client)', 'peak memory of the server'], steps)}

${table(['peer', 'seconds', 'import / peer', 'first copy across / peer', 'export / peer'], ratios)}`;
}
