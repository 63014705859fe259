/** The processes of a bench: the one under measure and the one that makes the load, spoken to one question at a time. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import type { TargetAnswer, TargetCommand, TargetPorts } from './target.ts';

export interface LoadJob {
  readonly requests: Readonly<Record<string, unknown>>;
  readonly port: number;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface LoadAnswer {
  readonly perSecond: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /** Good answers in all, warm-up included. */
  readonly good: number;
  /** Requests sent in all. */
  readonly used: number;
  /** Answers that were not good, by status and body. */
  readonly others: Readonly<Record<string, number>>;
  readonly isRunningOut: boolean;
}

export interface Load {
  run(job: LoadJob): Promise<LoadAnswer>;
  stop(): void;
}

export function startLoad(): Load {
  const child = fork(join(import.meta.dirname, 'load.mjs'), { execArgv: [] });
  return {
    run: async (job) => (await ask(child, job)) as LoadAnswer,
    stop: () => child.disconnect(),
  };
}

export interface Target {
  readonly ports: TargetPorts;
  tell<Name extends TargetCommand['name']>(
    name: Name,
    ...argument: Extract<TargetCommand, { name: Name }>['argument'] extends undefined
      ? []
      : [Extract<TargetCommand, { name: Name }>['argument']]
  ): Promise<TargetAnswer<Name>>;
  stop(): Promise<void>;
}

/** @param log  where the service's own lines go, as they would to a file or a collector */
export async function startTarget(
  env: Readonly<Record<string, string>>,
  options: { readonly log: string; readonly nodeArguments?: readonly string[] },
): Promise<Target> {
  const out = openSync(options.log, 'a');
  const child = fork(join(import.meta.dirname, 'target.ts'), {
    execArgv: ['--import', 'tsx', ...(options.nodeArguments ?? [])],
    env: { ...env, PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', out, 'inherit', 'ipc'],
  });
  await reply(child);
  const tell = async (name: string, argument?: unknown): Promise<unknown> => ask(child, { name, argument });
  return {
    ports: (await tell('ports')) as TargetPorts,
    tell: tell as Target['tell'],
    async stop() {
      await tell('stop');
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

async function ask(child: ChildProcess, question: object): Promise<unknown> {
  const answer = reply(child);
  child.send(question);
  return await answer;
}

async function reply(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const gone = once(child, 'exit', { signal: ended.signal }).then(([code]) => {
    throw new Error(`a process of the bench ended with ${String(code)}`);
  });
  gone.catch(() => undefined);
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal: ended.signal }), gone])) as [
      { readonly answer?: unknown; readonly error?: string },
    ];
    if (message.error !== undefined) throw new Error(message.error);
    return message.answer;
  } finally {
    ended.abort();
  }
}
