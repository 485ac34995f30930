/**
 * What the whole installation has, read from the database when somebody asks: it survives restarts, and every server says the
 * same of it, so that dashboards take the maximum over servers and not the sum. A part that could not be read is left out of
 * the page, because a total that falls to 0 and comes back would look like terabytes moved in a minute.
 */
import type { Counter } from 'prom-client';
import { createMetricGroup, type MetricGroup } from './metric-group.ts';
import type { CopyStatistics, InstallationStatistics, StoreStatistics, WorkStatistics } from './statistics.ts';

export interface InstallationMetrics {
  readonly groups: readonly MetricGroup[];
  /** The page's part for what could be read. */
  render(statistics: InstallationStatistics): Promise<string>;
}

interface Shown<Statistics> {
  readonly group: MetricGroup;
  show(statistics: Statistics): void;
}

export function createInstallationMetrics(): InstallationMetrics {
  const copies = copyMetrics();
  const stores = storeMetrics();
  const work = workMetrics();
  return {
    groups: [copies.group, stores.group, work.group],
    async render(statistics) {
      const parts = [
        await text(copies, statistics.copies),
        await text(stores, statistics.stores),
        await text(work, statistics.work),
      ];
      return parts.join('');
    },
  };
}

async function text<Statistics>(shown: Shown<Statistics>, statistics: Statistics | null): Promise<string> {
  if (statistics === null) return '';
  shown.show(statistics);
  return await shown.group.registry.metrics();
}

function copyMetrics(): Shown<CopyStatistics> {
  const group = createMetricGroup();
  const copies = group.gauge('mimeo_copies', 'Copies, of the accounts with the most; `other` is all the rest.', [
    'account',
    'state',
  ]);
  const moved = group.counter('mimeo_copy_moved_bytes_total', 'Stored bytes that copies fetched from another region.');
  const deduplicated = group.counter(
    'mimeo_copy_deduplicated_bytes_total',
    'Bytes of copied disks that did not have to move: there already, zeros, or compressed away.',
  );
  return {
    group,
    show({ byAccount, movedBytes, deduplicatedBytes }) {
      copies.reset();
      for (const { account, state, count } of byAccount) copies.set({ account, state }, count);
      setTotal(moved, movedBytes);
      setTotal(deduplicated, deduplicatedBytes);
    },
  };
}

function storeMetrics(): Shown<readonly StoreStatistics[]> {
  const group = createMetricGroup();
  const labels = ['region', 'state'] as const;
  const bytes = group.gauge('mimeo_store_bytes', 'Bytes of packs; condemned ones go after their grace time.', labels);
  const packs = group.gauge('mimeo_store_packs', 'Packs.', labels);
  const images = group.gauge('mimeo_images', 'Images.', labels);
  return {
    group,
    show(regions) {
      for (const each of [bytes, packs, images]) each.reset();
      for (const { region, ...held } of regions) {
        for (const { state, count, size } of held.packs) {
          packs.set({ region, state }, count);
          bytes.set({ region, state }, size);
        }
        for (const { state, count } of held.images) images.set({ region, state }, count);
      }
    },
  };
}

function workMetrics(): Shown<WorkStatistics> {
  const group = createMetricGroup();
  const labels = ['region'] as const;
  const queued = group.gauge('mimeo_copy_queue_depth', 'Copies that wait, by destination.', labels);
  const oldest = group.gauge('mimeo_copy_queue_oldest_seconds', 'How long the oldest waiting copy has waited.', labels);
  const uploads = group.gauge('mimeo_uploads', 'Disks whose content is being uploaded or can be resumed.', labels);
  const deliveries = group.gauge('mimeo_webhook_deliveries_pending', 'Events that webhooks have not taken yet.');
  const overdue = group.gauge(
    'mimeo_webhook_deliveries_overdue_seconds',
    'How long ago the oldest pending delivery was due.',
  );
  return {
    group,
    show({ regions, deliveries: pending, overdueSeconds }) {
      for (const { region, waiting, oldestSeconds, uploads: uploading } of regions) {
        queued.set({ region }, waiting);
        oldest.set({ region }, oldestSeconds);
        uploads.set({ region }, uploading);
      }
      deliveries.set(pending);
      overdue.set(overdueSeconds);
    },
  };
}

/** A total that is counted elsewhere. */
function setTotal(counter: Counter, value: number): void {
  counter.reset();
  counter.inc(value);
}
