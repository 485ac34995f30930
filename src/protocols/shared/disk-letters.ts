const letters = [...'abcdefghijklmnopqrstuvwxyz'];

/** What the name of a disk's device ends with: `a` to `z`, then `aa`. */
export function diskLetters(index: number): string {
  return `${letters[Math.floor(index / 26) - 1] ?? ''}${letters[index % 26]}`;
}
