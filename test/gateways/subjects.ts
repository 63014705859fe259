/** The subjects of the contract suite, in the order in which pages and tables name the gateways. */
import type { ContractSubject } from './contract.ts';
import { keyPaySubject } from './keypay/subject.ts';
import { momoSubject } from './momo/subject.ts';
import { subjectOf as onePaySubject } from './onepay/subject.ts';
import { sandboxSubject } from './sandbox/subject.ts';
import { stripeSubject } from './stripe/subject.ts';
import { vietqrSubjects } from './vietqr/subject.ts';
import { vnpaySubject } from './vnpay/subject.ts';
import { zaloPaySubject } from './zalopay/subject.ts';

export const SUBJECTS: readonly ContractSubject[] = [
  sandboxSubject,
  vnpaySubject,
  momoSubject,
  zaloPaySubject,
  onePaySubject('domestic'),
  onePaySubject('international'),
  stripeSubject,
  keyPaySubject,
  ...vietqrSubjects,
];
