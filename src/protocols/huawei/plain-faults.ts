/** What Keystone and Glance say: a status and a sentence, without a code of their own. */
import type { Fault } from './fault.ts';

const sentences = {
  400: ['The request could not be understood: %s', 'the request is malformed, or breaks a rule'],
  401: ['The request you have made requires authentication.', 'the credentials in the body are wrong'],
  403: ['You are not authorized to perform the requested action.', "the caller's role or agency does not allow it"],
  404: ['The requested resource could not be found.', 'nothing that the caller may see has this id or name'],
  409: ['Conflict: %s', 'something is in the way: a name that is taken, a state, a change meanwhile'],
  413: ['The quota or limit is exceeded: %s', 'a quota or limit of the account would be exceeded'],
  415: ['Unsupported Media Type', 'the body is of a media type that the operation does not take'],
  503: [
    'The service is temporarily unavailable.',
    'a store is full, too much is going on at once, or something is away',
  ],
} as const satisfies Readonly<Record<number, readonly [message: string, when: string]>>;

export type PlainStatus = keyof typeof sentences;

/** By status. */
export const plainFaults = Object.fromEntries(
  Object.entries(sentences).map(([status, [message, when]]) => [
    status,
    { status: Number(status), code: status, message, when } satisfies Fault,
  ]),
) as Readonly<Record<PlainStatus, Fault>>;
