/** Every layer has errors of its own shape (reference §9.1). */
import { STATUS_CODES } from 'node:http';
import type { FaultError } from '../shared/faults.ts';
import { messageOf, type Site, statusOf } from './fault.ts';
import type { ServiceName } from './operation.ts';

export interface RenderedError {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const json = 'application/json;charset=utf-8';

/** `service`: whose operation it was; undefined where that is not known, which is the gateway's to say. */
export function renderError(
  error: FaultError,
  { service, site, requestId }: { service: ServiceName | undefined; site: Site; requestId: string },
): RenderedError {
  const status = statusOf(error.fault, site);
  const { code } = error.fault;
  const message = messageOf(error, site);
  const as = (body: object): RenderedError => ({ status, contentType: json, body: JSON.stringify(body) });
  if (code.startsWith('IMG.')) return as({ error: { message, code } });
  const said = { error_code: code, error_msg: message };
  if (code.startsWith('IAM.')) return as(said);
  // Huawei's SDKs look for them beside `error`, where the cloud does not have them.
  if (code.startsWith('EPS.') || code.startsWith('KMS.')) return as({ error: said, ...said });
  const title = STATUS_CODES[status] ?? '';
  if (!/^\d+$/.test(code) || service === undefined) {
    // glanceclient 4.1.0 fails while it prints an error without the member `error`.
    const keystone = service === 'glance' ? { error: { message, code: status, title } } : {};
    return as({ ...keystone, ...said, request_id: requestId });
  }
  if (service === 'iam') return as({ error: { message, code: status, title } });
  return { status, contentType: 'text/html;charset=utf-8', body: page(status, title, message) };
}

/** As Glance's web framework writes it; openstackclient shows the title. */
function page(status: number, title: string, message: string): string {
  const head = `${status} ${title}`;
  const text = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<html>\n <head>\n  <title>${head}</title>\n </head>\n <body>\n  <h1>${head}</h1>\n  ${text}<br /><br />\n </body>\n</html>`;
}
