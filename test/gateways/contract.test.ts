/** Runs the contract suite over every adapter. */
import { keepsTheGatewayContract } from './contract.ts';
import { sandboxSubject } from './sandbox/subject.ts';

keepsTheGatewayContract(sandboxSubject);
