/** The entry of `mimeo`. */
import { processIo } from '../cli/io.ts';
import { runProgram } from '../cli/run-program.ts';
import { buildMimeo } from './program.ts';

const io = processIo(process);
process.exitCode = await runProgram(buildMimeo(io), process.argv.slice(2), io);
