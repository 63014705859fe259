/** Agency: who money is collected for, and the accounts it goes to. */
import type { AgencyId } from '../kernel/ids.ts';

export interface Agency {
  readonly id: AgencyId;
  readonly publicId: string;
  readonly code: string;
  readonly nameVi: string;
  readonly nameEn: string;
  readonly returnUrlOrigins: readonly string[];
  readonly contactPhone: string | null;
}

export interface Beneficiary {
  readonly agencyId: AgencyId;
  readonly code: string;
  readonly kind: BeneficiaryKind;
  readonly name: string;
  readonly bankName: string;
  readonly accountNumber: string;
  readonly treasuryCode: string | null;
}

export type BeneficiaryKind = 'treasury' | 'fee_account' | 'fund';
