/** Texts that several operations take for an image. */
import { filledText, text } from '../parameters.ts';

export const imageName = filledText({
  rule: '1 to 32 Chinese characters, letters, digits, . _ and -',
  matches: /^[\p{Script=Han}A-Za-z\d_.-]{1,32}$/u,
});

/** The empty text, which takes a description away, is one. */
export const imageDescription = text({
  rule: 'at most 256 characters',
  matches: /^.{0,256}$/su,
});

/** The platform of the system on an image, or its version, neither of which is looked at. */
export const systemLabel = filledText({
  rule: '1 to 128 characters, no space at either end, no control characters',
  matches: /^(?! )\P{Cc}{1,128}(?<! )$/u,
});
