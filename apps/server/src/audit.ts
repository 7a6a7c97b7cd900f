// The audit of an embedded installation's data, also while a server runs on it.
export { audit, findingsCount, type AuditReport } from '@parley/adapter-sqlite/audit';
