import type { AppContext } from '../../../../app/context.ts';
import { nameTrusted } from '../../../../app/tenants/agencies.ts';
import type { Agency } from '../../../../domain/tenants.ts';
import { toHexId } from '../../ids.ts';
import { agencyTime } from '../../times.ts';
import { durationOf } from './duration.ts';
import { imageService, trustedId } from './trust.ts';

/** Agencies as IAM shows them. */
export async function viewAgencies(context: AppContext, agencies: readonly Agency[]): Promise<object[]> {
  const names = await nameTrusted(context, agencies);
  return agencies.map((agency) => {
    const { id, accountId, name, description, trustedAccountId, createdAt, expiresAt } = agency;
    return {
      id: toHexId(id),
      name,
      description,
      domain_id: toHexId(accountId),
      trust_domain_id: trustedId(trustedAccountId),
      trust_domain_name: trustedAccountId === null ? imageService.name : names.get(trustedAccountId),
      duration: durationOf(agency),
      create_time: agencyTime(createdAt),
      expire_time: expiresAt === null ? null : agencyTime(expiresAt),
    };
  });
}

export async function viewAgency(context: AppContext, agency: Agency): Promise<object> {
  const [shown] = await viewAgencies(context, [agency]);
  return { agency: shown };
}
