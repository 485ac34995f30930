/** IAM as its own client from npm uses it: log-in, look-ups, agencies with their roles, temporary and permanent keys. */
import {
  AgencyAuth,
  AgencyAuthIdentity,
  AgencyTokenAssumerole,
  AgencyTokenAuth,
  AgencyTokenIdentity,
  AgencyTokenScope,
  AgencyTokenScopeProject,
  AssociateAgencyWithAllProjectsPermissionRequest,
  AssociateAgencyWithProjectPermissionRequest,
  AuthScope,
  AuthScopeProject,
  CheckProjectPermissionForAgencyRequest,
  CreateAgencyOption,
  CreateAgencyRequest,
  CreateAgencyRequestBody,
  CreateCredentialOption,
  CreatePermanentAccessKeyRequest,
  CreatePermanentAccessKeyRequestBody,
  CreateTemporaryAccessKeyByAgencyRequest,
  CreateTemporaryAccessKeyByAgencyRequestBody,
  CreateTemporaryAccessKeyByTokenRequest,
  CreateTemporaryAccessKeyByTokenRequestBody,
  DeleteAgencyRequest,
  DeletePermanentAccessKeyRequest,
  type IamClient,
  IdentityAssumerole,
  IdentityToken,
  KeystoneCreateAgencyTokenRequest,
  KeystoneCreateAgencyTokenRequestBody,
  KeystoneCreateUserTokenByPasswordRequest,
  KeystoneCreateUserTokenByPasswordRequestBody,
  KeystoneListAuthDomainsRequest,
  KeystoneListAuthProjectsRequest,
  KeystoneListPermissionsRequest,
  KeystoneListProjectsRequest,
  KeystoneListRegionsRequest,
  KeystoneShowCatalogRequest,
  ListAgenciesRequest,
  ListPermanentAccessKeysRequest,
  ListProjectPermissionsForAgencyRequest,
  PwdAuth,
  PwdIdentity,
  PwdPassword,
  PwdPasswordUser,
  PwdPasswordUserDomain,
  RemoveProjectPermissionFromAgencyRequest,
  ShowAgencyRequest,
  ShowPermanentAccessKeyRequest,
  TokenAuth,
  TokenAuthIdentity,
  UpdateAgencyOption,
  UpdateAgencyRequest,
  UpdateAgencyRequestBody,
  UpdateCredentialOption,
  UpdatePermanentAccessKeyRequest,
  UpdatePermanentAccessKeyRequestBody,
} from '@huaweicloud/huaweicloud-sdk-iam/v3/public-api.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Access, type Answer, endpointOf, iamClient, imsClient, raisedBy } from './clients.ts';
import { createSite, elsewhere, here, password, type Site, startSecured, there } from './site.ts';

const regions = [here, there, elsewhere] as const;

interface Friend {
  readonly name: string;
  readonly domainId: string;
  readonly key: { readonly id: string; readonly secret: string };
}

let site: Site;
/** Another account, with agencies of its own. */
let friend: Friend;
beforeAll(async () => {
  site = await createSite({ dataMiB: 2 });
  const made = await site.mimeo.json<Answer>('account', 'create', 'friend');
  friend = { name: 'friend', domainId: made.account.id.replaceAll('-', ''), key: made.accessKey };
}, 60_000);
afterAll(() => site.mimeo.remove());

async function overHttps(): Promise<Access> {
  return { ...site.access, ...(await startSecured(site.mimeo, { MIMEO_REGIONS: regions.join(',') })) };
}

describe.each(['HTTP', 'HTTPS'])('over %s', { timeout: 60_000 }, (protocol) => {
  let access: Access;
  let iam: IamClient;
  let suffix: string;
  beforeAll(async () => {
    access = protocol === 'HTTP' ? site.access : await overHttps();
    iam = iamClient(access, here, { domainId: site.domain.id });
    suffix = protocol.toLowerCase();
  });

  const byName = (items: readonly { name?: string }[] = []) => items.map(({ name }) => name);

  async function newToken(): Promise<string> {
    const domain = new PwdPasswordUserDomain(site.domain.name);
    const user = new PwdPassword(new PwdPasswordUser(domain, 'owner', password));
    const scope = new AuthScope().withProject(new AuthScopeProject().withName(there));
    const auth = new PwdAuth(new PwdIdentity(['password'], user), scope);
    const request = new KeystoneCreateUserTokenByPasswordRequest().withBody(
      new KeystoneCreateUserTokenByPasswordRequestBody(auth),
    );
    const answer: Answer = await iam.keystoneCreateUserTokenByPassword(request);
    expect(answer.httpStatusCode).toBe(201);
    expect(answer.token).toMatchObject({
      user: { name: 'owner' },
      project: { id: site.projectOf(there), name: there },
    });
    expect(byName(answer.token.catalog)).toEqual(['keystone', 'glance', 'key-management', 'kmsv1']);
    return answer['X-Subject-Token'];
  }

  /** The names of the images that a temporary key sees in the region. */
  async function imagesSeen({ credential }: Answer, region: string, projectId: string): Promise<string[]> {
    const { access: ak, secret: sk, securitytoken: securityToken } = credential;
    const ims = imsClient({ ...access, ak, sk, securityToken }, region, projectId);
    const { images } = await ims.call('GET', '/v2/cloudimages', { query: { __imagetype: 'private' } });
    return byName(images) as string[];
  }

  it('regions, projects, domains, roles and the catalog are found', async () => {
    const listed = await iam.keystoneListRegions(new KeystoneListRegionsRequest());
    expect(listed.regions?.map(({ id }) => id)).toEqual(regions);
    const named = await iam.keystoneListProjects(new KeystoneListProjectsRequest().withName(here));
    expect(named.projects).toMatchObject([{ id: site.projectOf(here), name: here }]);
    const own = await iam.keystoneListAuthProjects(new KeystoneListAuthProjectsRequest());
    expect(byName(own.projects).toSorted()).toEqual(regions.toSorted());
    const { domains } = await iam.keystoneListAuthDomains(new KeystoneListAuthDomainsRequest());
    expect(domains).toMatchObject([site.domain]);
    const found = await iam.keystoneListPermissions(new KeystoneListPermissionsRequest().withDisplayName('IMS Adm'));
    expect(found.roles).toMatchObject([{ name: 'ims_adm', display_name: 'IMS Administrator', type: 'XA' }]);
    const catalog: Answer = await iam.keystoneShowCatalog(new KeystoneShowCatalogRequest());
    const image = catalog.catalog.find(({ type }: { type: string }) => type === 'image');
    expect(image.endpoints.map(({ url }: { url: string }) => url)).toEqual(
      regions.map((region) => endpointOf(access, 'ims', region)),
    );
  });

  it('an agency is made, granted, looked at, changed, and deleted', async () => {
    const name = `copies-${suffix}`;
    const option = new CreateAgencyOption(name, site.domain.id).withTrustDomainName('op_svc_ims').withDescription('d');
    const create = () => iam.createAgency(new CreateAgencyRequest().withBody(new CreateAgencyRequestBody(option)));
    const { agency: made }: Answer = await create();
    expect(made).toMatchObject({ name, domain_id: site.domain.id, duration: 'FOREVER', expire_time: null });
    expect(await raisedBy(create())).toMatchObject({ httpStatusCode: 409, errorMsg: 'The agency already exists.' });

    const { roles = [] } = await iam.keystoneListPermissions(new KeystoneListPermissionsRequest().withName('ims_adm'));
    const role = roles[0]?.id ?? '';
    const inProject = iamClient(access, there, { projectId: site.projectOf(there) });
    const check = () => {
      return inProject.checkProjectPermissionForAgency(new CheckProjectPermissionForAgencyRequest(made.id, role));
    };
    expect((await raisedBy(check())).httpStatusCode).toBe(404);
    const grant = new AssociateAgencyWithProjectPermissionRequest(made.id, role);
    expect(await inProject.associateAgencyWithProjectPermission(grant)).toMatchObject({ httpStatusCode: 204 });
    expect(await check()).toMatchObject({ httpStatusCode: 204 });
    const list = () => {
      return inProject.listProjectPermissionsForAgency(new ListProjectPermissionsForAgencyRequest(made.id));
    };
    expect((await list()).roles).toMatchObject([{ id: role, name: 'ims_adm' }]);
    const everywhere = new AssociateAgencyWithAllProjectsPermissionRequest(made.id, site.domain.id, role);
    expect(await iam.associateAgencyWithAllProjectsPermission(everywhere)).toMatchObject({ httpStatusCode: 204 });
    await inProject.removeProjectPermissionFromAgency(new RemoveProjectPermissionFromAgencyRequest(made.id, role));
    expect((await list()).roles).toEqual([]);

    const changes = new UpdateAgencyOption().withTrustDomainName(friend.name).withDescription('for a friend');
    const update = new UpdateAgencyRequest(made.id).withBody(new UpdateAgencyRequestBody(changes));
    const trusted = { trust_domain_name: friend.name, trust_domain_id: friend.domainId };
    expect(await iam.updateAgency(update)).toMatchObject({ agency: { ...trusted, description: 'for a friend' } });
    const { agencies } = await iam.listAgencies(new ListAgenciesRequest(site.domain.id).withName(name));
    expect(agencies).toMatchObject([{ ...trusted, id: made.id }]);
    await iam.deleteAgency(new DeleteAgencyRequest(made.id));
    const gone = raisedBy(iam.showAgency(new ShowAgencyRequest(made.id)));
    expect(await gone).toMatchObject({ httpStatusCode: 404, errorMsg: `Could not find agency: ${made.id}.` });
  });

  it('temporary keys are made for a token, and read images until they end', async () => {
    const token = new IdentityToken().withId(await newToken()).withDurationSeconds(900);
    const auth = new TokenAuth(new TokenAuthIdentity(['token']).withToken(token));
    const keys: Answer = await iam.createTemporaryAccessKeyByToken(
      new CreateTemporaryAccessKeyByTokenRequest().withBody(new CreateTemporaryAccessKeyByTokenRequestBody(auth)),
    );
    expect(keys.httpStatusCode).toBe(201);
    const seconds = (Date.parse(keys.credential.expires_at) - Date.now()) / 1000;
    expect(seconds).toBeGreaterThan(880);
    expect(seconds).toBeLessThanOrEqual(900);
    expect(await imagesSeen(keys, here, site.projectOf(here))).toEqual(['golden']);
    const forged = { credential: { ...keys.credential, securitytoken: 'forged' } };
    expect(await raisedBy(imagesSeen(forged, here, site.projectOf(here)))).toMatchObject({
      httpStatusCode: 401,
      errorCode: 'APIGW.0301',
    });
  });

  it('another domain lets somebody in by its agency: a token, and temporary keys', async () => {
    const { name: domain, domainId, key } = friend;
    const theirAccess = { ...access, ak: key.id, sk: key.secret };
    const theirs = iamClient(theirAccess, here, { domainId });
    const agencyName = `images-${suffix}`;
    const option = new CreateAgencyOption(agencyName, domainId).withTrustDomainName(site.domain.name);
    const { agency } = await theirs.createAgency(
      new CreateAgencyRequest().withBody(new CreateAgencyRequestBody(option)),
    );
    const found = await theirs.keystoneListProjects(new KeystoneListProjectsRequest().withName(here));
    const projectId = found.projects?.[0]?.id ?? '';
    const { roles = [] } = await theirs.keystoneListPermissions(
      new KeystoneListPermissionsRequest().withName('system_all_22'),
    );
    await iamClient(theirAccess, here, { projectId }).associateAgencyWithProjectPermission(
      new AssociateAgencyWithProjectPermissionRequest(agency?.id, roles[0]?.id),
    );

    const scope = new AgencyTokenScope().withProject(new AgencyTokenScopeProject().withName(here));
    const role = new AgencyTokenAssumerole(agencyName).withDomainName(domain);
    const auth = new AgencyTokenAuth(new AgencyTokenIdentity(['assume_role'], role), scope);
    const answer: Answer = await iam.keystoneCreateAgencyToken(
      new KeystoneCreateAgencyTokenRequest().withBody(new KeystoneCreateAgencyTokenRequestBody(auth)),
    );
    expect(answer.token).toMatchObject({
      user: { name: `${domain}/${agencyName}` },
      project: { id: projectId, name: here },
      assumed_by: { user: { domain: { name: site.domain.name } } },
    });
    expect(answer['X-Subject-Token']).toMatch(/.{20}/);

    const asked = new IdentityAssumerole(agencyName).withDomainName(domain).withDurationSeconds(900);
    const keys: Answer = await iam.createTemporaryAccessKeyByAgency(
      new CreateTemporaryAccessKeyByAgencyRequest().withBody(
        new CreateTemporaryAccessKeyByAgencyRequestBody(new AgencyAuth(new AgencyAuthIdentity(['assume_role'], asked))),
      ),
    );
    expect(await imagesSeen(keys, here, projectId)).toEqual([]);
    expect((await raisedBy(imagesSeen(keys, here, site.projectOf(here)))).httpStatusCode).toBe(403);
  });

  it('a permanent key is made, switched off, and deleted', async () => {
    const { credentials = [] }: Answer = await iam.listPermanentAccessKeys(new ListPermanentAccessKeysRequest());
    const user = credentials[0].user_id;
    const option = new CreateCredentialOption(user).withDescription(suffix);
    const { credential }: Answer = await iam.createPermanentAccessKey(
      new CreatePermanentAccessKeyRequest().withBody(new CreatePermanentAccessKeyRequestBody(option)),
    );
    expect(credential).toMatchObject({ user_id: user, description: suffix, status: 'active' });
    const by = iamClient({ ...access, ak: credential.access, sk: credential.secret }, here, {
      domainId: site.domain.id,
    });
    const show = () => by.showPermanentAccessKey(new ShowPermanentAccessKeyRequest(credential.access));
    expect(await show()).toMatchObject({ credential: { access: credential.access } });
    const off = new UpdatePermanentAccessKeyRequestBody(new UpdateCredentialOption().withStatus('inactive'));
    await iam.updatePermanentAccessKey(new UpdatePermanentAccessKeyRequest(credential.access).withBody(off));
    expect(await raisedBy(show())).toMatchObject({ httpStatusCode: 401, errorCode: 'APIGW.0301' });
    await iam.deletePermanentAccessKey(new DeletePermanentAccessKeyRequest(credential.access));
    const { credentials: left } = await iam.listPermanentAccessKeys(new ListPermanentAccessKeysRequest());
    expect(left).toHaveLength(credentials.length);
  });
});
