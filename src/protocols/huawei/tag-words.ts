/** Tags as Glance has them, who knows words alone: `key=value`, or the key where there is no value. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

export function tagWord({ key, value }: Tag): string {
  return value === '' ? key : `${key}=${value}`;
}

export function readTagWord(word: string): Tag {
  const end = word.indexOf('=');
  return end <= 0 ? { key: word, value: '' } : { key: word.slice(0, end), value: word.slice(end + 1) };
}
