import { FaultError } from '../../shared/faults.ts';
import { required, text } from '../../shared/parameters.ts';
import { operation } from '../operation.ts';
import { plainFaults } from '../plain-faults.ts';
import { viewRole } from './role-view.ts';
import { roleById } from './roles-data.ts';

const faults = { notFound: plainFaults[404] };

export const showRole = operation({
  service: 'iam',
  method: 'GET',
  route: '/v3/roles/{role_id}',
  name: 'KeystoneShowPermission',
  summary: "Shows one of the system's roles and policies.",
  right: null,
  path: { role_id: required(text({ fault: faults.notFound }), faults.notFound) },
  faults,
  async handle(request) {
    const role = roleById(request.parameters.role_id);
    if (role === undefined) throw new FaultError(faults.notFound);
    return { body: { role: viewRole(request, role) } };
  },
});
