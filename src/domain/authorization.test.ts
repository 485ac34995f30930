import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Action, actions, may, type Target } from './authorization.ts';
import { type Principal, roles } from './principal.ts';

const everyAction = Object.keys(actions) as Action[];

function principal(overrides: Partial<Principal> = {}): Principal {
  return {
    kind: 'user',
    accountId: 'ours',
    accountName: 'ours',
    accountNumber: 1_000_000_000_000_000,
    administers: false,
    role: 'owner',
    userId: 'user',
    name: 'owner',
    accessKeyId: null,
    sessionId: null,
    agency: null,
    projects: null,
    projectId: null,
    temporary: false,
    ...overrides,
  };
}

function allowed(overrides: Partial<Principal>, target?: Target): Action[] {
  return everyAction.filter((action) => may(principal(overrides), action, target) === 'yes');
}

describe('may', () => {
  it('gives each role all that the lesser ones have', () => {
    for (const administers of [true, false]) {
      const [owner, operator, viewer] = roles.map((role) => allowed({ role, administers }));
      expect(owner).toEqual(expect.arrayContaining(operator as Action[]));
      expect(operator).toEqual(expect.arrayContaining(viewer as Action[]));
    }
    expect(allowed({ administers: true })).toEqual(everyAction);
  });

  it('keeps the installation from all but the account that runs it', () => {
    const installation = ['account.manage', 'installation.operate', 'installation.read', 'quota.manage'];
    expect(everyAction.filter((action) => !allowed({}).includes(action)).sort()).toEqual(installation);
  });

  it('shows nothing of another account but what is public or shared', () => {
    const theirs = { accountId: 'theirs' };
    const verdicts = (target: Target) => new Set(everyAction.map((action) => may(principal(), action, target)));
    expect(verdicts(theirs)).toEqual(new Set(['hidden']));
    expect(verdicts({ ...theirs, visibility: 'shared', membership: null })).toEqual(new Set(['hidden']));
    expect(verdicts({ ...theirs, visibility: 'shared', membership: 'rejected' })).toEqual(new Set(['hidden']));
    const shared: Action[] = ['image.read', 'image.download', 'image.export', 'copy.create'];
    expect(allowed({}, { ...theirs, visibility: 'public' })).toEqual(shared);
    expect(allowed({}, { ...theirs, visibility: 'shared', membership: 'accepted' })).toEqual(shared);
    expect(allowed({}, { ...theirs, visibility: 'shared', membership: 'pending' })).toEqual(['image.read']);
  });

  it('lets temporary credentials take rights away, but make none that would outlive them', () => {
    const temporary = allowed({ administers: true, temporary: true });
    expect(everyAction.filter((action) => !temporary.includes(action)).sort()).toEqual([
      'access-key.manage',
      'account.manage',
      'agency.manage',
      'user.manage',
      'user.password',
    ]);
  });
});

describe('by an agency', () => {
  it('nobody decides who may do what, nor anything of the installation', () => {
    const kept = allowed({ agency: 'partner', administers: true });
    const about = /^(user|access-key|agency|account|installation)\.|^session\.(create|read)$|^quota\.manage$/;
    expect(kept.filter((action) => about.test(action))).toEqual(['account.read']);
  });

  it('what lies in no project takes a grant of all', () => {
    const whole = allowed({ agency: 'partner' });
    const some = allowed({ agency: 'partner', projects: ['north'] });
    expect(whole.filter((action) => !some.includes(action)).sort()).toEqual([
      'event.read',
      'invitation.read',
      'key.manage',
      'key.read',
      'project.manage',
      'resource-group.manage',
      'share.answer',
      'webhook.manage',
      'webhook.read',
    ]);
  });

  it('another project does not exist', () => {
    const limited = principal({ agency: 'partner', projects: ['north'] });
    expect(may(limited, 'image.delete', { accountId: 'ours', projectId: 'north' })).toBe('yes');
    expect(may(limited, 'image.delete', { accountId: 'ours', projectId: 'south' })).toBe('hidden');
  });

  it("another account's image exists by a grant of all projects, or for everybody", () => {
    const shared = { accountId: 'theirs', visibility: 'shared', membership: 'accepted' } as const;
    expect(may(principal({ agency: 'partner' }), 'copy.create', shared)).toBe('yes');
    const limited = principal({ agency: 'partner', projects: ['north'] });
    for (const target of [shared, { ...shared, membership: 'pending' } as const]) {
      expect(may(limited, 'image.read', target)).toBe('hidden');
    }
    expect(may(limited, 'copy.create', { ...shared, visibility: 'public' })).toBe('yes');
    expect(may(limited, 'image.export', { ...shared, visibility: 'public' })).toBe('no');
  });

  it('one may never more than without it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...everyAction),
        fc.constantFrom(...roles),
        fc.option(fc.subarray(['north', 'south'])),
        fc.constantFrom<Target | undefined>(
          undefined,
          { accountId: 'ours', projectId: 'north' },
          { accountId: 'ours' },
        ),
        (action, role, projects, target) => {
          if (may(principal({ role, agency: 'partner', projects }), action, target) !== 'yes') return;
          expect(may(principal({ role }), action, target)).toBe('yes');
        },
      ),
    );
  });
});
