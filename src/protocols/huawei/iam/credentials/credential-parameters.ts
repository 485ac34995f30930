import { required, text } from '../../../shared/parameters.ts';
import { credentialFaults } from './credential-faults.ts';

const { keyNotFound } = credentialFaults;

/** Of operations that have it in their paths. */
export const accessKeyId = required(text({ fault: keyNotFound }), keyNotFound);
