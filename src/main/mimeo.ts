/** The entry of `mimeo`: the command line, and what runs in this process. */
import { processIo } from '../cli/io.ts';
import { buildProgram } from '../cli/program.ts';
import { runProgram } from '../cli/run-program.ts';
import { addQuickstartCommand } from './quickstart.ts';
import { addServeCommand } from './serve.ts';
import { version } from './version.ts';

const io = processIo(process);
const program = buildProgram(io, version);
addServeCommand(program, io.env);
addQuickstartCommand(program, io);
process.exitCode = await runProgram(program, process.argv.slice(2), io);
