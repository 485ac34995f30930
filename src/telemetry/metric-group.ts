import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface MetricDescription {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

/** Metrics that are shown together or not at all. */
export interface MetricGroup {
  readonly registry: Registry;
  readonly descriptions: readonly MetricDescription[];
  counter<const Label extends string = never>(name: string, help: string, labels?: readonly Label[]): Counter<Label>;
  gauge<const Label extends string = never>(name: string, help: string, labels?: readonly Label[]): Gauge<Label>;
  histogram<const Label extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels?: readonly Label[],
  ): Histogram<Label>;
}

/** An empty group with a registry of its own: nothing is ever in prom-client's global one. */
export function createMetricGroup(): MetricGroup {
  const registry = new Registry();
  const descriptions: MetricDescription[] = [];
  function define<Label extends string>(
    type: MetricDescription['type'],
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ) {
    descriptions.push({ name, type, help, labels: labelNames });
    return { name, help, labelNames, registers: [registry] };
  }
  return {
    registry,
    descriptions,
    counter: (name, help, labels) => new Counter(define('counter', name, help, labels)),
    gauge: (name, help, labels) => new Gauge(define('gauge', name, help, labels)),
    histogram: (name, help, buckets, labels) =>
      new Histogram({ ...define('histogram', name, help, labels), buckets: [...buckets] }),
  };
}
