import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { GraphnetTokenStore } from '../../lib/index.js';

/** The example of the README, as it stands there. */
export function encrypted(store: GraphnetTokenStore, key: Buffer): GraphnetTokenStore {
  return {
    async get(name) {
      const entry = await store.get(name);
      if (typeof entry !== 'string') return undefined;
      const bytes = Buffer.from(entry, 'base64');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(Buffer.from(name));
      decipher.setAuthTag(bytes.subarray(12, 28));
      return decipher.update(bytes.subarray(28), undefined, 'utf8') + decipher.final('utf8');
    },
    async set(name, value, ttlMs) {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(name));
      const text = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
      await store.set(name, Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64'), ttlMs);
    },
    delete: (name) => store.delete(name),
  };
}
