/**
 * What goes over a way that all hear: who says it, to whom, and what. A number of its own tells each session from all others.
 *
 * A byte for the kind, the sender and the receiver as 4 bytes each, the lowest first (0 for all), the rest.
 */
import { decodeText, encodeText } from '../text.js';
import type { NodeIdentity } from './provider.js';

const HEADER_BYTES = 9;
/** Longest identity that is read, in bytes. */
const IDENTITY_BYTES_MAX = 4096;

/** What a frame says. */
export type Frame = { from: number; to: number } & (
  | { kind: 'here'; identity: NodeIdentity }
  | { kind: 'message'; bytes: Uint8Array }
  | { kind: 'gone' }
);

const KINDS = ['here', 'message', 'gone'] as const;

export function writeFrame(frame: Frame): Uint8Array {
  const rest = frame.kind === 'message' ? frame.bytes : frame.kind === 'here' ? encodeText(JSON.stringify(frame.identity)) : new Uint8Array();
  const bytes = new Uint8Array(HEADER_BYTES + rest.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = KINDS.indexOf(frame.kind);
  view.setUint32(1, frame.from, true);
  view.setUint32(5, frame.to, true);
  bytes.set(rest, HEADER_BYTES);
  return bytes;
}

/** Undefined for what is no frame: others may speak on the same way. */
export function readFrame(bytes: Uint8Array): Frame | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [kind, from, to] = [KINDS[bytes[0]!], view.getUint32(1, true), view.getUint32(5, true)];
  const rest = bytes.subarray(HEADER_BYTES);
  if (kind === undefined || from === 0) return undefined;
  if (kind === 'message') return { kind, from, to, bytes: rest };
  if (kind === 'gone') return { kind, from, to };
  const identity = readIdentity(rest);
  return identity && { kind, from, to, identity };
}

function readIdentity(bytes: Uint8Array): NodeIdentity | undefined {
  if (bytes.length > IDENTITY_BYTES_MAX) return undefined;
  let read: Partial<Record<keyof NodeIdentity, unknown>>;
  try {
    read = JSON.parse(decodeText(bytes)) ?? {};
  } catch {
    return undefined;
  }
  const { id, name, cluster, region, groups } = read;
  if (typeof id !== 'string' || !/^[0-9a-f]{64}$/.test(id) || typeof name !== 'string' || typeof cluster !== 'string') return undefined;
  const isList = Array.isArray(groups) && groups.every((group) => typeof group === 'string');
  return { id, name, cluster, ...(typeof region === 'string' && { region }), ...(isList && { groups }) };
}
