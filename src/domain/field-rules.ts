/** What a field of a request has to keep to, whatever it is about. */
import { isStorable } from '../lib/storable-text.ts';
import { RefusalError } from './refusal.ts';

export function invalid(field: string, rule: string): RefusalError {
  return new RefusalError('request.invalid', { field, rule });
}

/** The database can hold it. */
export function checkStorable(field: string, text: string): void {
  if (!isStorable(text)) throw invalid(field, 'must not contain U+0000 or half a surrogate pair');
}

export function checkWhole(field: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw invalid(field, `must be a whole number from ${least} to ${most}`);
  }
}
