import { listKeys as readKeys } from '../../../app/keys/list-keys.ts';
import { mostKeys } from '../../../domain/key.ts';
import { defaulting, oneOf, whole } from '../../shared/parameters.ts';
import type { Faults } from '../fault.ts';
import { kmsFaults } from '../kms-faults.ts';
import { operation } from '../operation.ts';
import { sequence } from './key-parameters.ts';
import { statesOf, viewKey } from './key-view.ts';

const { forbidden, jsonInvalid, parameterInvalid, projectInvalid, sequenceInvalid } = kmsFaults;

export const listKeysFaults = {
  jsonInvalid,
  sequenceInvalid,
  parameterInvalid: { ...parameterInvalid, when: 'key_state is no digit from 1 to 5' },
  projectInvalid,
  forbidden,
  limitInvalid: {
    status: 400,
    code: 'KMS.1601',
    message: 'The value of limit falls beyond the range.',
    when: 'limit is no whole number from 1 to 1000',
  },
  markerInvalid: {
    status: 400,
    code: 'KMS.1602',
    message: 'The value of marker must be greater than or equal to 0.',
    when: 'marker is no whole number from 0',
  },
} as const satisfies Faults;

const mostPerPage = 1000;

export const listKeys = operation({
  service: 'kms',
  method: 'POST',
  route: '/v1.0/{project_id}/kms/list-keys',
  name: 'ListKeys',
  summary: "Lists the account's keys in the region of the project, newest first.",
  right: 'key.read',
  body: {
    limit: defaulting(whole({ least: 1, most: mostPerPage, fault: listKeysFaults.limitInvalid }), mostPerPage),
    marker: defaulting(
      whole({ least: 0, most: Number.MAX_SAFE_INTEGER - mostPerPage, fault: listKeysFaults.markerInvalid }),
      0,
    ),
    key_state: oneOf(['1', '2', '3', '4', '5'], listKeysFaults.parameterInvalid),
    sequence,
  },
  faults: listKeysFaults,
  async handle({ context, caller, scope, parameters }) {
    const { limit, marker, key_state: state } = parameters;
    const states = state === undefined ? undefined : statesOf(state);
    const { keys } = await readKeys(context, caller, { region: scope.region, states, limit: mostKeys });
    const end = marker + limit;
    const page = keys.slice(marker, end);
    const isTruncated = end < keys.length;
    return {
      body: {
        keys: page.map(({ id }) => id),
        key_details: page.map(viewKey),
        next_marker: isTruncated ? String(end) : '',
        truncated: String(isTruncated),
        total: keys.length,
      },
    };
  },
});
