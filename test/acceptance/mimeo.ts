/** Mimeo as its users have it: `bin/mimeo` in processes of its own. Nothing here or in these tests imports `src/`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { searchSecrets } from '../support/secrets/find-secrets.ts';
import { learnSecret, watchCryptography } from '../support/secrets/known-secrets.ts';
import { findSecretsInFolder } from '../support/secrets/scan-folder.ts';

// Clients that run in this process sign with secrets of the server's.
watchCryptography();

const launcher = fileURLToPath(new URL('../../bin/mimeo', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Installation {
  /** A folder of the test's own; the data directory is `data` in it. */
  readonly folder: string;
  readonly dataDirectory: string;
  /** Starts a server and waits until it answers; `environment` adds settings. */
  start(environment?: Record<string, string>): Promise<ServerProcess>;
  /** Runs a command to its end. */
  run(...args: string[]): Promise<Finished>;
  /** As `run`, with `--json`; the answer parsed. Throws when the command fails. */
  json<Answer>(...args: string[]): Promise<Answer>;
  /** Begins a command. */
  spawn(...args: string[]): ChildProcess;
  /** Ends the servers that still run. */
  stop(): Promise<void>;
  /** Ends them and removes everything. Throws when a secret stands in plain sight in the data directory, or in a server's log. */
  remove(): Promise<void>;
}

export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  readonly log: () => string;
  /** Sends the signal and waits for the end; resolves with the exit code, null when the signal ended it. */
  end(signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): Promise<number | null>;
}

export async function createInstallation(): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'mimeo-'));
  // Started as root, PostgreSQL runs as another user, who has to pass through.
  await chmod(folder, 0o711);
  const dataDirectory = join(folder, 'data');
  const servers = new Set<ServerProcess>();
  const logs: (() => string)[] = [];
  const base = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    TMPDIR: tmpdir(),
    MIMEO_DATA_DIR: dataDirectory,
    // All that could tell a secret.
    MIMEO_LOG_LEVEL: 'debug',
  };

  const begin = (args: readonly string[], environment: Record<string, string> = {}) =>
    spawn(launcher, args, { cwd: folder, env: { ...base, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });

  const installation: Installation = {
    folder,
    dataDirectory,
    async start(environment = {}) {
      await rm(join(dataDirectory, 'server.json'), { force: true });
      const child = begin(['serve', '--port', '0'], environment);
      let log = '';
      logs.push(() => log);
      child.stdout?.on('data', (text) => (log += text));
      child.stderr?.on('data', (text) => (log += text));
      const ended = once(child, 'exit').then(([code]) => code as number | null);
      let gone = false;
      void ended.then(() => (gone = true));
      for (;;) {
        const text = await readFile(join(dataDirectory, 'server.json'), 'utf8').catch(() => '');
        if (text !== '') {
          const { url, pid } = JSON.parse(text) as { url: string; pid: number };
          const server: ServerProcess = {
            url,
            pid,
            log: () => log,
            async end(signal) {
              child.kill(signal);
              const code = await ended;
              servers.delete(server);
              return code;
            },
          };
          servers.add(server);
          return server;
        }
        if (gone) throw new Error(`the server ended: ${log}`);
        await sleep(20);
      }
    },
    async run(...args) {
      const child = begin(args);
      let stdout = '';
      let stderr = '';
      child.stdout?.on('data', (text) => (stdout += text));
      child.stderr?.on('data', (text) => (stderr += text));
      const [code] = (await once(child, 'close')) as [number | null];
      return { code, stdout, stderr };
    },
    async json(...args) {
      const { code, stdout, stderr } = await installation.run('--json', ...args);
      if (code !== 0) throw new Error(`mimeo ${args.join(' ')} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout, (name, value) => {
        if (/^(secret|token)$/.test(name)) learnSecret(value, 'what a command has told');
        return value;
      });
    },
    spawn: (...args) => begin(args),
    async stop() {
      for (const server of servers) await server.end('SIGTERM');
    },
    async remove() {
      await installation.stop();
      const shown = await findSecrets(dataDirectory, logs.map((log) => log()).join(''));
      await rm(folder, { recursive: true, force: true });
      if (shown.length > 0) throw new Error(`secrets stand in plain sight:\n${shown.join('\n')}`);
    },
  };
  return installation;
}

/** Where the installation keeps its own secrets. */
const secretFiles = ['master.key', 'token', 'postgres.password'];

/** What the first start tells the terminal once. */
const notice = /This is the first start:.*?\n {2}secret +(?<secret>\S+)\n/s;

async function findSecrets(dataDirectory: string, log: string): Promise<string[]> {
  for (const file of secretFiles) {
    const content = await readFile(join(dataDirectory, file)).catch(() => undefined);
    if (content === undefined) continue;
    learnSecret(file === 'master.key' ? content : content.toString('latin1').trim(), `the installation's ${file}`);
  }
  learnSecret(notice.exec(log)?.groups?.['secret'], 'the first access key');
  const inLog = searchSecrets().in(Buffer.from(log.replace(notice, '')));
  return [...inLog.map((finding) => `the log: ${finding}`), ...(await findSecretsInFolder(dataDirectory, secretFiles))];
}
