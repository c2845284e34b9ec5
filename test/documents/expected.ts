// What the board of each document in test/fixtures/documents must say, and must not say.
export type Expected = {
  readonly word: 'healthy' | 'attention' | 'failing' | 'unknown'
  /** Texts that a person must see. */
  readonly shows: readonly string[]
  /** Texts among the reasons. */
  readonly because?: readonly string[]
  readonly never?: readonly string[]
}

export const EXPECTED: Readonly<Record<string, Expected>> = {
  'addresses.json': { word: 'unknown', shows: ['Raleigh', 'NC'] },
  'argocd-applications-missing.json': { word: 'attention', shows: ['web', 'Missing'], because: ['Missing'] },
  'celery-workers-well.json': { word: 'healthy', shows: ['celery@b'] },
  'celery-workers.json': { word: 'failing', shows: ['celery@b'], because: ['celery@b status'] },
  'envoy-outlier.json': { word: 'attention', shows: ['svc'], because: ['failed_outlier_check'] },
  'etcd-alarms.json': { word: 'attention', shows: ['NOSPACE'], because: ['Alarms count: 1'] },
  'etcd-endpoint-status-no-space.json': {
    word: 'attention',
    shows: ['memberID:102 alarm:NOSPACE'],
    because: ['127.0.0.1:2379'],
    never: ['127.0.0.2'],
  },
  'jenkins-computers-offline.json': {
    word: 'failing',
    shows: ['agent-1', 'Connection was broken'],
    because: ['agent-1'],
  },
  'kubectl-get-node-not-ready.json': {
    word: 'failing',
    shows: ['cni plugin not initialized'],
    because: ['Ready'],
    never: ['Pressure'],
  },
  'kubectl-get-node.json': { word: 'healthy', shows: ['MemoryPressure', 'Ready'] },
  'kubectl-get-pvc.json': { word: 'healthy', shows: ['data', 'Bound'] },
  'mongodb-replica-set.json': { word: 'healthy', shows: ['a:27017', 'PRIMARY', 'SECONDARY'] },
  'rabbitmq-nodes-alarm.json': { word: 'attention', shows: ['rabbit@a'], because: ['mem_alarm'] },
  'ups-on-battery.json': { word: 'attention', shows: ['OB DISCHRG', '80'], because: ['OB DISCHRG'] },
  'airflow-health.json': {
    word: 'failing',
    shows: ['scheduler', 'unhealthy', 'healthy'],
    because: ['unhealthy'],
  },
  'alertmanager-alerts.json': {
    word: 'failing',
    shows: ['DiskFull', 'Disk of db-1 is 95 % full', 'suppressed'],
    because: ['high'],
  },
  'aws-alarms-well.json': {
    word: 'healthy',
    shows: ['cpu-high', 'INSUFFICIENT_DATA', '2026-11-28 10:00:00'],
  },
  'aws-instance-status.json': {
    word: 'failing',
    shows: ['i-0fedcba9876543210', 'impaired'],
    because: ['failed'],
  },
  'ceph-status.json': {
    word: 'attention',
    shows: ['HEALTH_WARN', '1 osds down', 'active+undersized+degraded', '33 GiB', '12/s'],
    because: ['HEALTH_WARN'],
  },
  'consul-autopilot.json': { word: 'healthy', shows: ['node-b', 'alive', '2026-11-06 22:07:51'] },
  'consul-health-checks.json': {
    word: 'failing',
    shows: ['Web HTTP check', 'connection refused', 'node-b'],
    because: ['critical'],
  },
  'docker-ps-failing.ndjson': {
    word: 'failing',
    shows: ['shop-web-1', 'Exited (1) 2 minutes ago'],
    because: ['unhealthy'],
  },
  'docker-ps.ndjson': { word: 'healthy', shows: ['shop-migrate-1', 'Exited (0) 9 days ago'] },
  'docker-service-ls.ndjson': { word: 'attention', shows: ['web', '1/3'], because: ['web: 1/3'] },
  'docker-stats.ndjson': { word: 'unknown', shows: ['198.77%', '1.21GiB / 7.652GiB', 'shop-worker-1'] },
  'elasticsearch-cluster-health-red.json': {
    word: 'failing',
    shows: ['logs-prod', 'red', '480', '41.2 %', '1.25 s'],
    because: ['status: red'],
  },
  'elasticsearch-cluster-health.json': {
    word: 'failing',
    shows: ['yellow', 'orders-v3', '97.58 %', '17'],
    because: ['orders-v3', 'status: yellow'],
  },
  'etcd-health-failing.json': { word: 'failing', shows: ['RAFT NO LEADER'], because: ['health: false'] },
  'etcd-health.json': { word: 'healthy', shows: ['true'] },
  'github-workflow-runs-well.json': { word: 'healthy', shows: ['Deploy', 'queued', 'skipped', '562'] },
  'gitlab-runners.json': { word: 'failing', shows: ['runner-1', 'runner-2'], because: ['runner-2'] },
  'haproxy-stats-well.json': { word: 'healthy', shows: ['FRONTEND', 'web3', 'MAINT'] },
  'haproxy-stats.json': { word: 'failing', shows: ['web2', 'L4CON'], because: ['web2: DOWN'] },
  'ipmi-sensors.json': { word: 'failing', shows: ['FAN 2', 'degrees C'], because: ['FAN 2: cr'] },
  'smartctl-failing.json': {
    word: 'failing',
    shows: ['WDC WD40EFRX', 'Reallocated_Sector_Ct'],
    because: ['smart_status_passed'],
  },
  'jenkins-jobs.json': { word: 'failing', shows: ['web', 'FAILURE', '311'], because: ['FAILURE'] },
  'kafka-connect-status.json': {
    word: 'failing',
    shows: ['orders-jdbc-sink', 'RUNNING', 'PAUSED', 'ConnectException'],
    because: ['FAILED'],
  },
  'kubectl-get-nodes-lost.json': { word: 'attention', shows: ['node-10', 'Unknown'], because: ['Unknown'] },
  'kubectl-get-nodes.json': { word: 'healthy', shows: ['node-200', 'True'] },
  'kubectl-get-pods-small.json': {
    word: 'failing',
    shows: ['web-5-7c9f8d6b5-09aab', 'Pending', 'CrashLoopBackOff', '12', 'kube-system'],
    because: ['CrashLoopBackOff'],
  },
  'minio-info.json': { word: 'failing', shows: ['minio-2:9000', 'offline'], because: ['offline'] },
  'nomad-jobs.json': { word: 'healthy', shows: ['backup', 'dead', '2026-11-29 00:00:00'] },
  'patroni-cluster.json': {
    word: 'failing',
    shows: ['pg-3', 'start failed', 'streaming'],
    because: ['start failed'],
  },
  'prometheus-query.json': { word: 'unknown', shows: ['a:9100'] },
  'prometheus-targets.json': {
    word: 'failing',
    shows: ['node-7:9100', 'connection refused', 'never', '214'],
    because: ['down'],
    never: ['success'],
  },
  'rabbitmq-overview.json': {
    word: 'unknown',
    shows: ['publish_rate', '312.4', '12044', 'rabbit@mq-1', 'supported', '53'],
  },
  'redis-info-failing.json': {
    word: 'failing',
    shows: ['err', '1.21 GiB'],
    because: ['master_link_status: down'],
  },
  'redis-info.json': { word: 'healthy', shows: ['93 d 18 h', '1204/s', 'up'] },
  'sidekiq-stats.json': { word: 'unknown', shows: ['18293811', '1201', '48211', '41 d'] },
  'spring-health-down.json': {
    word: 'failing',
    shows: ['redis', 'DOWN', 'Unable to connect'],
    because: ['DOWN'],
  },
  'spring-health.json': { word: 'healthy', shows: ['PostgreSQL', 'diskSpace', 'UP'] },
  'statuspage-incidents-resolved.json': {
    word: 'healthy',
    shows: ['Checkout errors', 'resolved', 'critical'],
  },
  'statuspage-status-well.json': { word: 'healthy', shows: ['none', 'All Systems Operational'] },
  'statuspage-summary.json': {
    word: 'failing',
    shows: ['API Requests', 'major_outage', 'investigating', 'Major System Outage'],
    because: ['major_outage', 'critical'],
  },
  'systemd-units-failed.json': {
    word: 'failing',
    shows: ['ssh.service', 'auto-restart'],
    because: ['failed'],
  },
  'systemd-units.json': { word: 'healthy', shows: ['e2scrub_reap.service', 'inactive', 'exited'] },
  'temporal-workflows.json': { word: 'failing', shows: ['order-2', 'TIMED_OUT'], because: ['TIMED_OUT'] },
  'traefik-overview.json': { word: 'unknown', shows: ['routers', '14', 'Prometheus'] },
  'traefik-services.json': { word: 'failing', shows: ['shop@docker', 'DOWN'], because: ['DOWN'] },
  'vault-health-sealed.json': {
    word: 'failing',
    shows: ['sealed', '2026-11-29 13:52:01'],
    because: ['sealed'],
  },
  'vault-health.json': { word: 'unknown', shows: ['vault-cluster-1', '1.15.2'] },
  'vernemq-status.json': { word: 'failing', shows: ['vmq@10.0.0.2', '1 of 2', '1204', '1822331'] },
  'zookeeper-monitor.json': { word: 'unknown', shows: ['leader', '0.1205', '1211'] },
}
