/** Fresh ids for tests: the same time-ordered UUIDs as in the service. */
import { v7 } from 'uuid';
import type { IdSource } from '../../src/domain/kernel/ids.ts';

export const newTestId: IdSource = () => v7();
