/** The process as the command line sees it, so that tests can stand in for it. */
export interface CliIo {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls back once, at the first Ctrl-C or request to end; returns what takes the callback away again. */
  onInterrupt(callback: () => void): () => void;
}

export type InputStream = NodeJS.ReadableStream & { readonly isTTY?: boolean };

export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean };

const interruptSignals = ['SIGINT', 'SIGTERM'] as const;

/** The real process. After the first interrupt a second one kills, as it would without us. */
export function processIo(host: NodeJS.Process): CliIo {
  for (const stream of [host.stdout, host.stderr]) {
    // `mimeo image list | head -1`: the reader has seen enough, which is no error of ours.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  return {
    // Opened when it is asked for: an open one would keep its other end waiting.
    get stdin() {
      return host.stdin;
    },
    stdout: host.stdout,
    stderr: host.stderr,
    env: host.env,
    onInterrupt(callback) {
      const stop = () => {
        for (const signal of interruptSignals) host.off(signal, interrupted);
      };
      const interrupted = () => {
        stop();
        callback();
      };
      for (const signal of interruptSignals) host.on(signal, interrupted);
      return stop;
    },
  };
}
