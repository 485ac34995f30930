/** From a cloud's words back to the core's, of which several can be the same word there. */

type Words<Key extends string> = Readonly<Record<Key, string>>;

/** The core's words that this one stands for; none where it is no word of the table. */
export function keysOf<Key extends string>(words: Words<Key>, wanted: string | undefined): Key[] {
  return (Object.keys(words) as Key[]).filter((key) => words[key] === wanted);
}

/** The first of them. */
export function keyOf<Key extends string>(words: Words<Key>, wanted: string | undefined): Key | undefined {
  return keysOf(words, wanted)[0];
}
