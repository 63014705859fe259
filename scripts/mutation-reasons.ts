/** Why a mutant may live: the one list, so that whoever adds a gateway sees what was accepted and what is a gap. */

interface Reason {
  readonly file: RegExp;
  /** Of the mutated text. */
  readonly original: RegExp;
  readonly mutator: RegExp;
  readonly why: string;
}

const EVERY_GATEWAY = /^src\/gateways\//;
const CONDITION = /^(?:ConditionalExpression|LogicalOperator|EqualityOperator)$/;

const REASONS: readonly Reason[] = [
  {
    file: /record-outcome\.ts$/,
    original: /^\[\]$/,
    mutator: /^ArrayDeclaration$/,
    why: 'the accounts of a decision that needs none: nobody looks at them',
  },
  {
    file: EVERY_GATEWAY,
    original: /^''$/,
    mutator: /^StringLiteral$/,
    why: "stands for what is absent, a value or a secret: nothing but the mutant's own text would be told from it",
  },
  {
    file: EVERY_GATEWAY,
    original: /\[0-9a-fA?-?F?\]\{(?:64|128)\}|\[0-9A-F\]\{64\}/,
    mutator: /^(?:Regex|ConditionalExpression)$/,
    why: 'keeps what is no signature from being compared; the comparison after it takes the exact text alone',
  },
  {
    file: /gateways\/form-pieces\.ts$/,
    original: /^at < 0$/,
    mutator: /^EqualityOperator$/,
    why: 'a piece that begins with = has a name that is no word, with or without it, and is refused',
  },
  {
    file: /(?:vnpay|onepay|vietqr)\/signing\.ts$/,
    original: /^left [<>] right$/,
    mutator: CONDITION,
    why: 'names come once, so no two are equal; and a sort asks only whether one stands before the other',
  },
  {
    file: /gateways\/form-pieces\.ts$/,
    original: /URIError/,
    mutator: /^(?:BlockStatement|ConditionalExpression)$/,
    why: 'decodeURIComponent throws nothing else, and nothing at all is as malformed as null',
  },
  {
    file: /onepay\/signing\.ts$/,
    original: /vpc_\|user_/,
    mutator: /^Regex$/,
    why: 'of the names that come here none holds these letters elsewhere than at its beginning',
  },
  {
    file: /onepay\/signing\.ts$/,
    original: /^key !== undefined$/,
    mutator: /^ConditionalExpression$/,
    why: 'for the compiler: the word "undefined" is no hexadecimal key either',
  },
  {
    file: /onepay\/messages\.ts$/,
    original: /queryPassword/,
    mutator: /^OptionalChaining$/,
    why: 'an account without secrets cannot sign a question: it throws one line later instead',
  },
  {
    file: EVERY_GATEWAY,
    original: /^(?:heardAt < endedAt|updated <= answered)$/,
    mutator: /^EqualityOperator$/,
    why: 'where they are equal both are the same instant',
  },
  {
    file: /sandbox\/messages\.ts$/,
    original: /(?:written|currency|payUrl|value) [!=]== null/,
    mutator: CONDITION,
    why: 'for the compiler: null matches none of the patterns that follow, or is what is returned in any case',
  },
  {
    file: /sandbox\/messages\.ts$/,
    original: /\\d\{4\}-|^!parts/,
    mutator: /^(?:Regex|LogicalOperator)$/,
    why: 'a text around an instant is no instant to Date either, and without the parts there is no date',
  },
  {
    file: /sandbox\/signing\.ts$/,
    original: /^timestamp === null$/,
    mutator: /^ConditionalExpression$/,
    why: 'for the compiler: null is no row of digits either',
  },
  {
    file: /momo\/answers\.ts$/,
    original: /code === null/,
    mutator: CONDITION,
    why: 'an answer without a code is found wanting by the reading of the payment as well',
  },
  {
    file: /zalopay\/answers\.ts$/,
    original: /^(?:table\[code\]\?\.meaning|'undecided')$/,
    mutator: /^(?:OptionalChaining|StringLiteral)$/,
    why: 'for the compiler: that the table has the code was just asked',
  },
  {
    file: /vnpay\/format\.ts$/,
    original: /\\d\{4\}/,
    mutator: /^Regex$/,
    why: 'the instant is written again and must give the very text that was read',
  },
  {
    file: /stripe\/messages\.ts$/,
    original: /^(?:mode|told) !== null$/,
    mutator: /^ConditionalExpression$/,
    why: 'for the compiler: no key is of a mode "null", and null is what is returned',
  },
  {
    file: /stripe\/messages\.ts$/,
    original: /^told\.kind === 'pending'$/,
    mutator: /^ConditionalExpression$/,
    why: 'only what is pending has that code',
  },
  {
    file: /stripe\/objects\.ts$/,
    original: /^'nobodys'$/,
    mutator: /^StringLiteral$/,
    why: 'asked is only whether it is ours, or another merchant’s',
  },
  {
    file: /stripe\/objects\.ts$/,
    original: /^'undecided'$/,
    mutator: /^StringLiteral$/,
    why: 'what the table does not call approved or declined is pending, whatever it calls it',
  },
  {
    file: /stripe\/objects\.ts$/,
    original: /^(?:told|value|seconds) !== null$/,
    mutator: /^ConditionalExpression$/,
    why: 'for the compiler: null is what is returned, or passes none of the tests that follow',
  },
  {
    file: /stripe\/signing\.ts$/,
    original: /^(?:\[\]|value === undefined|signatures\.length > 0)$/,
    mutator: /^(?:ArrayDeclaration|ConditionalExpression|EqualityOperator)$/,
    why: 'a header that is absent or has no signature holds none that could match',
  },
  {
    file: /vietqr\/signing\.ts$/,
    original: /^'genuine'$/,
    mutator: /^StringLiteral$/,
    why: 'asked is only whether it was rejected',
  },
  {
    file: /vietqr\/signing\.ts$/,
    original: /^\[\]$/,
    mutator: /^ArrayDeclaration$/,
    why: 'stands for a header that is not one, which is refused before its parts are used',
  },
  {
    file: /vietqr\/signing\.ts$/,
    original: /boolean/,
    mutator: /^(?:ConditionalExpression|StringLiteral)$/,
    why: 'JSON writes true and false in the same letters',
  },
  {
    file: /vietqr\/signing\.ts$/,
    original: /^'\|'$/,
    mutator: /^StringLiteral$/,
    why: 'the names are joined only to be looked at together',
  },
  {
    file: /vietqr\/signing\.ts$/,
    original: /^typeof value !== 'string'$/,
    mutator: /^ConditionalExpression$/,
    why: 'for the compiler: a number looks like no field',
  },
  {
    file: /keypay\/messages\.ts$/,
    original: /^'(?:success|error: [a-z_ ]+)'$/,
    mutator: /^StringLiteral$/,
    why: 'words for people beside the code, which alone is acted on',
  },
  {
    file: /vietqr\/messages\.ts$/,
    original: /^(?:\[\]|data === undefined)$/,
    mutator: /^(?:ArrayDeclaration|ConditionalExpression)$/,
    why: 'nothing, and a list of what is no movement, are refused alike',
  },
];

export function reasonFor(file: string, original: string, mutator: string): string {
  const found = REASONS.find(
    (reason) => reason.file.test(file) && reason.original.test(original) && reason.mutator.test(mutator),
  );
  return found?.why ?? 'no reason';
}
