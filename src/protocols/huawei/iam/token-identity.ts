/** Who asks for a token: what `auth.identity` says, by each of its methods. */
import { authenticateToken } from '../../../app/authenticate.ts';
import type { Caller } from '../../../app/context.ts';
import type { Principal } from '../../../domain/principal.ts';
import { FaultError } from '../../shared/faults.ts';
import { list, object, type Read, required, text } from '../../shared/parameters.ts';
import { readId } from '../ids.ts';
import { type LogIn, logInByKey, logInByPassword } from './log-in.ts';
import { tokenFaults as faults } from './token-faults.ts';

const fault = faults.malformed;

/** Names and ids; there are no longer ones, and those that fail are remembered for a while. */
const word = text({ rule: 'at most 64 characters', fault, matches: /^.{0,64}$/s });
const anyText = text({ fault });

/** A domain: by one of both. */
export const named = object({ id: word, name: word }, fault);

const user = object({ id: word, name: word, password: required(anyText, fault), domain: named }, fault);

/** `xrole_name` is what the agency's name was called once, and is by golangsdk. */
const assumeRole = object({ agency_name: word, xrole_name: word, domain_id: word, domain_name: word }, fault);

/** Clients write it in one of two ways. */
const accessKey = object(
  {
    access: object({ key: word }, fault),
    secret: object({ key: anyText }, fault),
    access_key: word,
    secret_key: anyText,
  },
  fault,
);

const members = {
  methods: required(list(anyText, { most: 4, tooMany: fault, fault }), fault),
  password: object({ user: required(user, fault) }, fault),
  token: object({ id: required(anyText, fault) }, fault),
  assume_role: assumeRole,
  hw_ak_sk: accessKey,
};

export const identity = object(members, fault);

type Asked = Read<typeof members>;

interface Identity {
  readonly caller: Caller;
  /** By which he wants to act in another account. */
  readonly agency?: { readonly account: string; readonly name: string };
}

interface Asking extends LogIn {
  prove(): Promise<Caller>;
  admit(principal: Principal): Promise<Caller>;
}

type Proof = (request: Asking, asked: Asked) => Promise<Identity>;

const proofs = {
  async password(request, asked) {
    const { id, name, domain, password } = given(asked.password, 'password').user;
    if (id)
      return { caller: await request.admit(await logInByPassword(request, { user: readId(id) ?? id }, password)) };
    const account = given(accountOf(domain), 'password.user.domain');
    const user = given(name, 'password.user.name');
    return { caller: await request.admit(await logInByPassword(request, { account, user }, password)) };
  },
  async token(request, asked) {
    const principal = await authenticateToken(request.context, given(asked.token, 'token').id);
    if (principal === undefined) throw new FaultError(faults.unauthorized);
    return { caller: await request.admit(principal) };
  },
  async assume_role(request, asked) {
    return { agency: agencyOf(given(asked.assume_role, 'assume_role')), caller: await request.prove() };
  },
  async hw_ak_sk(request, asked) {
    if (!request.context.settings.acceptsKeyTokens) throw new FaultError(faults.methodUnsupported);
    const key = given(asked.hw_ak_sk, 'hw_ak_sk');
    const id = given(key.access?.key ?? key.access_key, 'hw_ak_sk.access');
    const secret = given(key.secret?.key ?? key.secret_key, 'hw_ak_sk.secret');
    return { caller: await request.admit(await logInByKey(request, { id, secret })) };
  },
} as const satisfies Readonly<Record<string, Proof>>;

type TokenMethod = keyof typeof proofs;

export function isTokenMethod(name: string | undefined): name is TokenMethod {
  return name !== undefined && Object.hasOwn(proofs, name);
}

/** Refuses whoever does not prove who he is. */
export async function identify(request: Asking, asked: Asked): Promise<Identity & { readonly method: TokenMethod }> {
  const [method, ...others] = asked.methods;
  // Whoever wants a second factor to count must not get by with the first.
  if (!isTokenMethod(method) || others.length > 0) throw new FaultError(faults.methodUnsupported);
  return { method, ...(await proofs[method](request, asked)) };
}

/** The account that a domain is; undefined where it is not named. */
export function accountOf(
  domain: { readonly id?: string | undefined; readonly name?: string | undefined } | undefined,
) {
  return domain?.id ? (readId(domain.id) ?? domain.id) : domain?.name || undefined;
}

/** The agency that somebody wants to act by. */
export function agencyOf(role: NonNullable<Asked['assume_role']>): NonNullable<Identity['agency']> {
  const account = given(accountOf({ id: role.domain_id, name: role.domain_name }), 'assume_role.domain_name');
  return { account, name: given(role.agency_name || role.xrole_name, 'assume_role.agency_name') };
}

function given<Value>(value: Value | undefined, member: string): Value {
  if (value === undefined || value === '') throw new FaultError(fault, `auth.identity.${member} is missing`);
  return value;
}
