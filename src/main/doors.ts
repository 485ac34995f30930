/** The protocols that a server speaks, each behind its part of the one port. A cloud's dialect gets its line here. */
import type { FastifyInstance } from 'fastify';
import type { AppContext } from '../app/context.ts';
import type { Config } from '../config/schema.ts';
import { may } from '../domain/authorization.ts';
import { createAliyun } from '../protocols/aliyun/app.ts';
import { createHuawei } from '../protocols/huawei/app.ts';
import { createHosts } from '../protocols/huawei/hosts.ts';
import { isHuawei } from '../protocols/huawei/paths.ts';
import { createJdcloud } from '../protocols/jdcloud/app.ts';
import { isJdcloud } from '../protocols/jdcloud/paths.ts';
import { authenticate } from '../protocols/native/authentication.ts';
import { createOperations, type OperationsOptions } from '../protocols/operations/app.ts';
import { createSpools } from '../protocols/shared/spools.ts';
import type { Transfers } from '../protocols/shared/transfers.ts';
import type { RegionStore } from '../store/region-store.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ComputePool } from '../transfer/compute/pool.ts';
import { type FrontDoor, hasPath, openFrontDoor } from './front-door.ts';
import { createMetricsPage } from './metrics.ts';
import { createReadiness } from './readiness.ts';

export interface DoorsOptions {
  readonly config: Config;
  readonly context: AppContext;
  /** Absolute. */
  readonly dataDirectory: string;
  readonly stores: ReadonlyMap<string, RegionStore>;
  readonly compute: ComputePool;
  readonly metrics: Metrics;
  readonly nativeApi: FastifyInstance;
  readonly transfers: Transfers;
}

/** Opens the port. */
export async function openDoors(options: DoorsOptions): Promise<FrontDoor> {
  const { config, context, dataDirectory, stores, compute, metrics, nativeApi, transfers } = options;
  const { db, clock, logger, server } = context;
  const { host, port, requestSeconds, tlsCertificate, tlsKey } = config;
  const aliyun = createAliyun({
    context: { ...context, page: config.aliyunPage, regions: config.regions },
    limits: {
      requestsPerMinute: config.requestsPerMinute,
      requestSeconds,
      clockMs: config.aliyunClockSeconds * 1000,
    },
    trustedProxies: config.trustedProxies,
    metrics: metrics.requests,
  });
  const huawei = createHuawei({
    context: {
      ...context,
      regions: config.regions,
      transfers,
      spools: createSpools(dataDirectory),
      settings: { site: config.huaweiSite, acceptsKeyTokens: config.huaweiKeyTokens },
    },
    readHosts: createHosts(config.huaweiHost, config.regions),
    limits: {
      requestsPerMinute: config.requestsPerMinute,
      requestSeconds,
      clockMs: config.huaweiClockSeconds * 1000,
    },
    trustedProxies: config.trustedProxies,
    metrics: metrics.requests,
  });
  const jdcloud = createJdcloud({
    context: { ...context, page: config.jdcloudPage },
    hosts: config.jdcloudHosts,
    limits: {
      requestsPerMinute: config.requestsPerMinute,
      requestSeconds,
      clockMs: config.jdcloudClockSeconds * 1000,
    },
    trustedProxies: config.trustedProxies,
    metrics: metrics.requests,
  });
  const operations = createOperations({
    findFailing: createReadiness({ db, stores, server, clock, logger }),
    renderMetrics: createMetricsPage({
      metrics,
      db,
      databaseConnections: config.databaseConnections,
      compute,
      countConnections: () => door.countConnections(),
      clock,
      logger,
    }),
    metricsAccess: config.metricsAccess === 'open' ? 'open' : metricsGate(options),
    requestSeconds,
    trustedProxies: config.trustedProxies,
    metrics: metrics.requests,
    logger,
  });
  const door: FrontDoor = await openFrontDoor({
    host,
    port,
    certificate:
      tlsCertificate === undefined || tlsKey === undefined ? undefined : { certificate: tlsCertificate, key: tlsKey },
    requestSeconds,
    doors: [
      // Before the dialect that has the rest of `/v1/`.
      { matches: isJdcloud, app: jdcloud },
      { matches: isHuawei, app: huawei },
      { matches: hasPath('/'), app: aliyun },
      { matches: hasPath('/api/'), app: nativeApi },
      { matches: hasPath('/healthz', '/readyz', '/metrics'), app: operations },
    ],
    logger,
    onRefusedConnection: metrics.requests.refusedConnection,
  });
  return door;
}

/** Metrics speak of every account: they are for those who run the installation. */
function metricsGate({ context, config }: DoorsOptions): OperationsOptions['metricsAccess'] {
  return async (request) => {
    const principal = await authenticate(request, { context, clockMs: config.clockSeconds * 1000 });
    return principal !== undefined && may(principal, 'installation.read') === 'yes';
  };
}
