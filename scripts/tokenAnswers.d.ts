import type { Arbitrary } from 'fast-check';

export interface FuzzedAnswer {
  status: number;
  body: unknown;
  headers: { date?: string; 'retry-after'?: string };
}

/** For the tests, which take the same answers as `npm run fuzz`. */
export function tokenAnswer(): Arbitrary<FuzzedAnswer>;
export function checkError(error: unknown): string;
export function checkToken(token: { header: string; lifeMs: number; expiresAt: Date }): 'token';
export function isLife(ms: number): boolean;
