// The reports in an installation's data, for its operator, also while a server runs on it.
export { ReportFolder } from '@parley/adapter-sqlite/report-folder';
