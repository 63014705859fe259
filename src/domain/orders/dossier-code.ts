/** Dossier codes: validated by shape and date, stored verbatim; which agency one belongs to is data. */
import { parseDay } from '../kernel/time.ts';

/**
 * Agency id by QCVN 102:2016/BTTTT (`000.00.00.H29`) or by Decision 20/2020/QĐ-TTg (`G22.99.99`), then the day
 * as YYMMDD, then 4 to 6 digits. Both grammars live on after the merger of July 2025.
 */
const DOSSIER_CODE =
  /^(?<agency>(?:\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2})|(?:[A-Z]\d{2}(?:\.\d{1,3}){0,3}))-(?<date>\d{6})-(?<seq>\d{4,6})$/;

/** What is told of a text that is no dossier code. */
export const DOSSIER_CODE_FORM = 'is not <agency>-<YYMMDD>-<4 to 6 digits> with a date that exists';

export interface DossierCode {
  readonly code: string;
  /** As written in the code: an agency's code or one of its aliases. */
  readonly agencyCode: string;
}

/** The parts of a dossier code, or null when its shape or its date is impossible. */
export function parseDossierCode(text: string): DossierCode | null {
  const parts = DOSSIER_CODE.exec(text)?.groups;
  if (!parts) return null;
  const date = parts.date ?? '';
  const day = parseDay(`20${date.slice(0, 2)}-${date.slice(2, 4)}-${date.slice(4, 6)}`);
  return day === null ? null : { code: text, agencyCode: parts.agency ?? '' };
}

/** Whether a dossier code can begin with this: the part that names its agency. */
export function isAgencyPart(text: string): boolean {
  return parseDossierCode(`${text}-260101-0001`)?.agencyCode === text;
}
