/**
 * Signed requests of Alibaba Cloud's API: a page of 10 of 1,000 images, and copies accepted. One server on this machine with the
 * load beside it; the peer is a plain `node:http` server that answers as many bytes.
 */
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AliyunParameters, createAliyunClient } from '../test/support/aliyun-client.ts';
import { run } from './command.ts';
import { fire, plainServer, type Shot, shotHead, shotRow, signedConnections, succeeded } from './load.ts';
import { table } from './report.ts';
import { type BenchServer, startServer } from './server.ts';

const [here, ...others] = ['cn-hangzhou', 'cn-shanghai', 'cn-north-1', 'cn-east-2'];
const imageCount = 1000;
const MiB = 1024 * 1024;

type Call = readonly [action: string, parameters: AliyunParameters];

/** Measures in data directories of its own below `folder` and returns the page's section. */
export async function measureAliyun(folder: string): Promise<string> {
  const rows: string[][] = [];
  for (const workers of ['0', '2']) {
    const data = join(folder, `aliyun-${process.pid}-${workers}`);
    await mkdir(data, { recursive: true });
    const server = await startServer(data, {
      MIMEO_REQUESTS_PER_MINUTE: '0',
      MIMEO_QUOTA_IMAGES: '1000000',
      MIMEO_QUOTA_SNAPSHOTS: '1000000',
      MIMEO_COPY_WORKERS: workers,
    });
    try {
      rows.push(...(await measureAt(server, data, workers)));
    } finally {
      await server.stop();
      await rm(data, { recursive: true, force: true });
    }
  }
  return `## Signed requests of Alibaba Cloud's API

${signedConnections} connections, as fast as they go, each request with a signature and a nonce of its own (RPC, HMAC-SHA1). The peer is a
plain \`node:http\` server that answers as many bytes. Copies go from ${imageCount} images to three regions; they wait where no worker
runs (\`copyWorkers: 0\`, a server of API requests alone), and are done beside the requests where two do.

${table(shotHead, rows)}`;
}

async function measureAt(server: BenchServer, data: string, workers: string): Promise<string[][]> {
  const { url, token } = await server.address();
  const key = await newKey(url, token);
  const client = createAliyunClient({ url, accessKeyId: key.id, secret: key.secret });
  const call = async ([action, parameters]: Call) => {
    const { status, body } = await client.call(action, parameters);
    if (status !== 200) throw new Error(`${action}: ${status} ${JSON.stringify(body)}`);
    return body;
  };
  const shoot = async (calls: readonly Call[], count: number): Promise<Shot> => {
    const program = join(import.meta.dirname, 'signed-load.ts');
    const file = join(data, 'calls.json');
    await writeFile(file, JSON.stringify(calls));
    const args = [program, url, key.id, key.secret, `${count}`, file];
    return succeeded(url, JSON.parse(await run(process.execPath, ...args)) as Shot);
  };
  const peerOf = async (bytes: number): Promise<Shot> => {
    const plain = await plainServer(bytes);
    const shot = await fire(plain.url, token);
    plain.close();
    return shot;
  };

  const ids = await makeImages(server, data, call);
  const rows: string[][] = [];
  if (workers === '0') {
    const list: Call = ['DescribeImages', { RegionId: here, PageSize: 10 }];
    const bytes = JSON.stringify(await call(list)).length;
    // Until V8 has compiled what is hot, and PostgreSQL has counted what was just inserted.
    await shoot([list], 10_000);
    rows.push(shotRow('DescribeImages, 10 of 1,000', await shoot([list], 15_000), await peerOf(bytes), bytes));
  }
  const copies = ids.flatMap((id) =>
    others.map((region): Call => ['CopyImage', { RegionId: here, ImageId: id, DestinationRegionId: region }]),
  );
  const accepted = await shoot(copies, copies.length);
  rows.push(shotRow(`CopyImage, ${workers} workers`, accepted, await peerOf(100), 100));
  return rows;
}

async function newKey(url: string, token: string): Promise<{ id: string; secret: string }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${url}/api/v1/users/owner/access-keys`, { method: 'POST', headers, body: '{}' });
  if (!response.ok) throw new Error(`access key: ${response.status} ${await response.text()}`);
  return (await response.json()) as { id: string; secret: string };
}

/** One of 4 MiB, and the others made from its snapshot. */
async function makeImages(
  server: BenchServer,
  data: string,
  call: (call: Call) => Promise<unknown>,
): Promise<string[]> {
  const path = join(data, 'small.raw');
  const file = await open(path, 'w');
  await file.truncate(4 * MiB);
  await file.write(Buffer.alloc(MiB, 'mimeo'), 0, MiB, MiB);
  await file.close();
  await server.importImage(path, here, 'small');
  interface Images {
    Images: { Image: [{ ImageId: string; DiskDeviceMappings: { DiskDeviceMapping: [{ SnapshotId: string }] } }] };
  }
  const { Images } = (await call(['DescribeImages', { RegionId: here }])) as Images;
  const { ImageId, DiskDeviceMappings } = Images.Image[0];
  const { SnapshotId } = DiskDeviceMappings.DiskDeviceMapping[0];
  const ids = [ImageId];
  for (let number = 1; number < imageCount; number++) {
    const made = await call(['CreateImage', { RegionId: here, SnapshotId, ImageName: `image-${number}` }]);
    ids.push((made as { ImageId: string }).ImageId);
  }
  return ids;
}
