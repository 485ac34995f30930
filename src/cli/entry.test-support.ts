/** The command line as a process of its own, without what main adds to it. */
import { processIo } from './io.ts';
import { buildProgram } from './program.ts';
import { runProgram } from './run-program.ts';

const io = processIo(process);
process.exitCode = await runProgram(buildProgram(io, '0.0.1'), process.argv.slice(2), io);
