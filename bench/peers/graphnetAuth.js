import { attachGraphnetAuth } from '../../dist/index.js';

export function attach(api, credentials) {
  attachGraphnetAuth(api, credentials);
}
