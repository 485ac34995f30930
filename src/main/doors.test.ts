import { tmpdir } from 'node:os';
import { fastify } from 'fastify';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { createInstallation, type Installation } from '../../test/support/installation.ts';
import type { Caller } from '../app/context.ts';
import { createAgency } from '../app/tenants/agencies.ts';
import { createSession } from '../app/tenants/sessions.ts';
import { loadConfig } from '../config/load.ts';
import { createTransfers } from '../protocols/shared/transfers.ts';
import type { RegionStore } from '../store/region-store.ts';
import { openDoors } from './doors.ts';

let installation: Installation;
beforeEach(async () => {
  installation = await createInstallation();
  return () => installation.close();
});

async function open(environment: Record<string, string>): Promise<string> {
  const { context, compute, metrics, copying } = installation;
  const stores: ReadonlyMap<string, RegionStore> = copying.stores;
  const nativeApi = fastify();
  nativeApi.get('/api/v1/status', async () => ({ version: '0.0.0' }));
  const { config } = await loadConfig({ environment: { MIMEO_PORT: '0', ...environment } });
  const door = await openDoors({
    config,
    context,
    dataDirectory: tmpdir(),
    stores,
    compute,
    metrics,
    nativeApi,
    transfers: createTransfers(2, 1000),
  });
  onTestFinished(() => door.close());
  return door.url;
}

it('puts the API and what operators ask behind one port', async () => {
  const url = await open({ MIMEO_METRICS_ACCESS: 'open' });
  expect(await (await fetch(`${url}/api/v1/status`)).json()).toEqual({ version: '0.0.0' });
  const ofAliyun = await fetch(`${url}/?Format=JSON`, { method: 'POST' });
  expect([ofAliyun.status, await ofAliyun.json()]).toMatchObject([400, { Code: 'MissingParameter' }]);
  const ofHuawei = await fetch(`${url}/v2/cloudimages`);
  expect([ofHuawei.status, await ofHuawei.json()]).toMatchObject([401, { error_code: 'APIGW.0301' }]);
  const ofJdcloud = await fetch(`${url}/v1/regions/north/images`);
  expect([ofJdcloud.status, await ofJdcloud.json()]).toMatchObject([401, { error: { status: 'ACCESS_ERROR' } }]);
  // Both begin with `/v1/`.
  const huaweiAgain = await fetch(`${url}/v1/cloudimages/quota`);
  expect([huaweiAgain.status, await huaweiAgain.json()]).toMatchObject([401, { error_code: 'APIGW.0301' }]);
  expect((await fetch(`${url}/`)).status).toBe(300);
  for (const path of ['/healthz', '/readyz']) {
    expect(await (await fetch(url + path)).json()).toEqual({ status: 'ok' });
  }
  const page = await (await fetch(`${url}/metrics`)).text();
  for (const line of [
    'mimeo_copy_queue_depth{region="north"} 0',
    'mimeo_compute_threads 1',
    'mimeo_http_requests_in_flight{protocol="operations"} 1',
  ]) {
    expect(page.split('\n')).toContain(line);
  }
});

it('says which store fails', async () => {
  installation.fail('south', { put: () => ({ throws: 'denied' }) });
  const answer = await fetch(`${await open({})}/readyz`);
  expect([answer.status, await answer.json()]).toEqual([503, { status: 'unavailable', failing: ['store south'] }]);
});

/** A session of another account's, that may look at one project of the account that runs the installation. */
async function visitFrom(partner: Caller): Promise<{ readonly token: string }> {
  const { context, operator } = installation;
  const agency = { account: operator.accountName, name: 'partner' };
  await createAgency(context, operator, {
    name: agency.name,
    description: '',
    trustedAccount: partner.accountName,
    grants: [{ project: 'north', role: 'viewer' }],
    expiresAt: null,
  });
  return await createSession(context, partner, { name: 'visit', agency });
}

it('shows metrics, which tell of every account, to those who run the installation', async () => {
  const { context, operator } = installation;
  const [session, other] = await Promise.all(
    [operator, await installation.newCaller()].map((caller) => createSession(context, caller, { name: 'prometheus' })),
  );
  const visit = await visitFrom(await installation.newCaller());
  const url = await open({});
  const ask = async (headers: Record<string, string>) => (await fetch(`${url}/metrics`, { headers })).status;
  expect(await ask({ authorization: `Bearer ${session?.token}` })).toBe(200);
  for (const authorization of [`Bearer ${other?.token}`, `Bearer ${visit.token}`, 'Bearer nobody', 'Basic eDp5']) {
    expect(await ask({ authorization })).toBe(401);
  }
  expect(await ask({})).toBe(401);
});
