import { oneOf } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { operation } from '../operation.ts';
import { repeated, required, text } from '../parameters.ts';
import { requireRegion } from './named-image.ts';

/** All that the reference lists; none is about images. An account may have no instances, nor anything that they need. */
const attributes = {
  'instance-network-type': ['vpc'],
  'max-security-groups': ['0'],
  'max-elastic-network-interfaces': ['0'],
  'max-postpaid-instance-vcpu-count': ['0'],
  'max-spot-instance-vcpu-count': ['0'],
  'used-postpaid-instance-vcpu-count': ['0'],
  'used-spot-instance-vcpu-count': ['0'],
  'max-postpaid-yundisk-capacity': ['0'],
  'used-postpaid-yundisk-capacity': ['0'],
  'max-dedicated-hosts': ['0'],
  'supported-postpaid-instance-types': [],
  'max-axt-command-count': ['0'],
  'max-axt-invocation-daily': ['0'],
  'real-name-authentication': ['unnecessary'],
  'max-cloud-assistant-activation-count': ['0'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

const names = Object.keys(attributes) as (keyof typeof attributes)[];
const fault = commonFaults.invalidParameter;

export const describeAccountAttributes = operation({
  service: 'ecs',
  action: 'DescribeAccountAttributes',
  summary: 'Says what an account may have of instances and what belongs to them, which is nothing here.',
  right: 'account.read',
  parameters: {
    RegionId: required(text()),
    AttributeName: repeated(oneOf(names, fault), { most: 8, tooMany: fault }),
    ZoneId: text(),
  },
  faults: {},
  async handle({ context, parameters: { RegionId, AttributeName } }) {
    requireRegion(context, RegionId);
    const wanted = AttributeName.length === 0 ? names : (AttributeName as typeof names);
    return {
      AccountAttributeItems: {
        AccountAttributeItem: wanted.map((name) => ({
          AttributeName: name,
          AttributeValues: { ValueItem: attributes[name].map((Value) => ({ Value })) },
        })),
      },
    };
  },
});
