/** What keys cost: copies that encrypt, change keys and decrypt, beside the plain one; and rotation of a key with many images. */
import { measureEncryptedCopies } from './encrypted-copies.ts';
import { measureRotation } from './rotation.ts';

/** Measures in data directories of its own below `folder` and returns the page's sections. */
export async function measureKeys(folder: string): Promise<string> {
  return `${await measureEncryptedCopies(folder)}\n\n${await measureRotation(folder)}`;
}
