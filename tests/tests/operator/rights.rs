//! What the operator may do, as the chart grants it: nothing missing, nothing spare.

/// Rights of [`crate::bed::USER`].
pub(crate) const RIGHTS: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: lcmap-spark}
rules:
- {apiGroups: [lcmap.usgs.gov], resources: [sparkjobs], verbs: [get, list, watch, delete]}
- {apiGroups: [lcmap.usgs.gov], resources: [sparkjobs/status], verbs: [patch]}
- {apiGroups: [""], resources: [pods], verbs: [get, list, watch, create, delete]}
- {apiGroups: [""], resources: [services], verbs: [get, create]}
- {apiGroups: [""], resources: [secrets, persistentvolumeclaims], verbs: [create]}
- {apiGroups: [""], resources: [events], verbs: [list]}
- {apiGroups: [events.k8s.io], resources: [events], verbs: [create, patch]}
- {apiGroups: [""], resources: [namespaces], verbs: [list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: lcmap-spark}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: lcmap-spark}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: lcmap-spark}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: lcmap-spark-leader, namespace: default}
rules:
- {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, list, watch, create, update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: lcmap-spark-leader, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: lcmap-spark-leader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: lcmap-spark}]
"#;
