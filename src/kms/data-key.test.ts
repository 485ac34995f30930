import { expect, it } from 'vitest';
import { deriveDataKeys } from './data-key.ts';

it('derives the keys that are on disks already', () => {
  const dataKey = Uint8Array.from({ length: 32 }, (_, place) => place);
  const keys = Object.entries(deriveDataKeys(dataKey)).map(([name, key]) => [name, Buffer.from(key).toString('hex')]);
  expect(Object.fromEntries(keys)).toEqual({
    chunkId: 'cc60c6083976b5f7c90dafae59ace4343b8d8b3e5b5c796da44a06b4be58e721',
    frames: '1eec7f1ac088749b4ebbc4bdbb4874f4326a47c4034d06af0ffbd5eed84e291c',
    manifest: '0a462c3d84e64fb3b129eb1fe3aa966629f4215a45e9e7094544aaee39bac4cb',
  });
});
