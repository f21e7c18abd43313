export interface FleetFigures {
  tokenRequests: number;
  /** Those of the first second, when all processes start at once. */
  coldTokenRequests: number;
  /** Those of the third of a life after the revocation. */
  revocationTokenRequests: number | undefined;
  apiRequests: number;
  expiredArrivals: number;
  refused: number;
  calls: number;
  failedCalls: number;
  storeFailures: number;
  fromStore: number;
}

export function runFleet(settings: {
  processes: number;
  lives: number;
  lifeMs: number;
  redisUrl?: string;
  revokesAfterLives?: number;
}): Promise<FleetFigures>;
