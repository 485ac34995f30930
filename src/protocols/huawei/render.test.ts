import { describe, expect, it } from 'vitest';
import { FaultError } from '../shared/faults.ts';
import { commonFaults } from './common-faults.ts';
import { epsFaults } from './eps-faults.ts';
import type { Fault } from './fault.ts';
import { kmsFaults } from './kms-faults.ts';
import type { ServiceName } from './operation.ts';
import { plainFaults } from './plain-faults.ts';
import { renderError } from './render.ts';

function rendered(error: FaultError, service?: ServiceName) {
  const { status, contentType, body } = renderError(error, { service, site: 'huawei', requestId: 'r1' });
  return { status, body: contentType.startsWith('application/json') ? JSON.parse(body) : body };
}

describe('renderError', () => {
  it('has the shape of each layer (reference §9.1)', () => {
    const throttled = new FaultError(commonFaults.throttled);
    const message = 'The throttling threshold has been reached: policy user over ratelimit';
    const gateway = { error_code: 'APIGW.0308', error_msg: message, request_id: 'r1' };
    expect(rendered(throttled)).toEqual({ status: 429, body: gateway });
    expect(rendered(throttled, 'ims')).toEqual({ status: 429, body: gateway });
    expect(rendered(throttled, 'glance').body).toMatchObject({ ...gateway, error: { message, code: 429 } });
    expect(rendered(new FaultError(commonFaults.bodyInvalid), 'ims')).toEqual({
      status: 400,
      body: { error: { message: 'The request message format is invalid.', code: 'IMG.0001' } },
    });
    const missing: Fault = { status: 400, code: 'IAM.0011', message: 'Illegal %s.', when: '' };
    expect(rendered(new FaultError(missing, 'name'), 'iam')).toEqual({
      status: 400,
      body: { error_code: 'IAM.0011', error_msg: 'Illegal name.' },
    });
    const denied = { error_code: 'EPS.0004', error_msg: 'Permission error.' };
    expect(rendered(new FaultError(epsFaults.forbidden), 'eps')).toEqual({
      status: 403,
      body: { error: denied, ...denied },
    });
    const nonexistent = { error_code: 'KMS.0207', error_msg: 'Nonexistent key.' };
    expect(rendered(new FaultError(kmsFaults.keyNotFound), 'kms')).toEqual({
      status: 404,
      body: { error: nonexistent, ...nonexistent },
    });
    expect(rendered(new FaultError(plainFaults[403]), 'iam')).toEqual({
      status: 403,
      body: {
        error: { message: 'You are not authorized to perform the requested action.', code: 403, title: 'Forbidden' },
      },
    });
  });

  it('is a page in Glance, in which nothing of what was sent is markup', () => {
    const { status, body } = rendered(new FaultError(plainFaults[400], '<script>alert("&")</script>'), 'glance');
    expect(status).toBe(400);
    expect(body).toContain('<title>400 Bad Request</title>');
    expect(body).toContain('&lt;script&gt;alert("&amp;")&lt;/script&gt;');
  });

  it('keeps to the habits of the site', () => {
    const of = (site: 'huawei' | 'otc') =>
      renderError(new FaultError(commonFaults.forbidden), { service: 'ims', site, requestId: 'r1' }).status;
    expect([of('huawei'), of('otc')]).toEqual([400, 403]);
    const fault: Fault = { status: 400, code: 'IMG.0001', message: 'Not %s.', otcMessage: '%s is none.', when: '' };
    const said = (site: 'huawei' | 'otc') =>
      renderError(new FaultError(fault, 'it'), { service: 'ims', site, requestId: 'r1' }).body;
    expect(said('huawei')).toContain('"message":"Not it."');
    expect(said('otc')).toContain('"message":"it is none."');
  });
});
