import { expect, it } from 'vitest';
import { clientNetwork } from './client-address.ts';

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
  ['2001:0DB8:0001:0002::9', '2001:db8:1:2::'],
  ['2001:db8::9', '2001:db8:0:0::'],
  ['2001:db8:0:1::', '2001:db8:0:1::'],
  ['::1', '0:0:0:0::'],
  ['fe80::1%eth0', 'fe80:0:0:0::'],
  ['::ffff:192.0.2.7', '::ffff:c000:207'],
  ['0:0:0:0:0:FFFF:192.0.2.8', '::ffff:c000:208'],
  ['', ''],
])('of %s it is %s', (address, network) => {
  expect(clientNetwork(address)).toBe(network);
});
