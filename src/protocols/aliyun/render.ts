/** How answers are written: the same tree as JSON or as XML, with the exact types that clients look for (§1.9). */
import XmlBuilder from 'fast-xml-builder';
import type { Format } from './request.ts';

export const contentTypes: Readonly<Record<Format, string>> = {
  JSON: 'application/json;charset=utf-8',
  XML: 'text/xml;charset=utf-8',
};

/** What no XML 1.0 document can have, not even escaped (section 2.2). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const unwritable = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;

const xml = new XmlBuilder({
  tagValueProcessor: (_name, value) => (typeof value === 'string' ? value.replaceAll(unwritable, '\ufffd') : value),
});

/** `root`: of the XML. */
export function render(format: Format, root: string, answer: object): string {
  if (format === 'JSON') return JSON.stringify(answer);
  return `<?xml version="1.0" encoding="UTF-8"?>${xml.build({ [root]: answer })}`;
}
