import type { Command } from 'commander';
import { CliError, interruption } from '../cli-error.ts';
import type { Check } from '../doctor/check.ts';
import {
  checkDataDirectory,
  checkFreeSpace,
  checkMasterKey,
  checkNode,
  checkPostgresPackage,
  checkTokenFile,
} from '../doctor/local-checks.ts';
import { checkServer } from '../doctor/server-checks.ts';
import type { CliIo } from '../io.ts';
import { readSettings, type Settings, tokenFileOf } from '../settings.ts';
import { addExamples } from './help.ts';

export function addDoctorCommand(program: Command, io: CliIo, version: string): void {
  const doctor = program
    .command('doctor')
    .description('look for what keeps Mimeo from working here, and say what to do')
    .action(async (_options: object, command: Command) => {
      const settings = readSettings(command, io.env);
      const controller = new AbortController();
      const stop = io.onInterrupt(() => controller.abort(interruption()));
      try {
        const checks = await runChecks(settings, version, controller.signal);
        io.stdout.write(`${settings.json ? JSON.stringify({ checks }, undefined, 2) : renderChecks(checks)}\n`);
        const failed = checks.filter(({ status }) => status === 'fail').length;
        if (failed > 0) throw new CliError(`${failed} of ${checks.length} checks failed`);
      } finally {
        stop();
      }
    });
  addExamples(doctor, ['mimeo doctor', 'mimeo doctor --server http://127.0.0.1:7700 --token-file token']);
}

async function runChecks(settings: Settings, version: string, signal: AbortSignal): Promise<Check[]> {
  return [
    checkNode(process.versions.node),
    checkPostgresPackage(process.platform, process.arch),
    await checkDataDirectory(settings.dataDirectory),
    await checkFreeSpace(settings.dataDirectory),
    await checkTokenFile(tokenFileOf(settings)),
    await checkMasterKey(settings.dataDirectory),
    ...(await checkServer(settings, version, signal)),
  ];
}

function renderChecks(checks: readonly Check[]): string {
  return checks
    .map(({ name, status, message, advice }) => {
      const line = `${status.padEnd(4)}  ${name}: ${message}`;
      return advice === undefined ? line : `${line}\n      ${advice}`;
    })
    .join('\n');
}
