import type { Area, Gate } from "./gate.ts";
import { applicationGates } from "./gates/applications.ts";
import { automationGates, governanceGates, visibilityGates } from "./gates/cross-cutting.ts";
import { dataGates } from "./gates/data.ts";
import { deviceGates } from "./gates/devices.ts";
import { identityGates } from "./gates/identity.ts";
import { networkGates } from "./gates/networks.ts";

export const GATES: Readonly<Record<Area, readonly Gate[]>> = {
  identity: identityGates,
  devices: deviceGates,
  networks: networkGates,
  applications: applicationGates,
  data: dataGates,
  visibility: visibilityGates,
  automation: automationGates,
  governance: governanceGates,
};

export const AREA_NAMES: Readonly<Record<Area, string>> = {
  identity: "Identity",
  devices: "Devices",
  networks: "Networks",
  applications: "Applications and Workloads",
  data: "Data",
  visibility: "Visibility and Analytics",
  automation: "Automation and Orchestration",
  governance: "Governance",
};

/** Functions of the maturity model that a gate in front of services can't see. Never counted. */
export const NOT_MEASURABLE: Readonly<Record<Area, readonly string[]>> = {
  identity: ["Identity Stores", "Risk Assessments"],
  devices: [
    "Policy Enforcement and Compliance Monitoring",
    "Asset and Supply Chain Risk Management",
    "Device Threat Protection",
  ],
  networks: ["Network Traffic Management"],
  applications: ["Accessible Applications"],
  data: ["Data Inventory Management", "Data Categorization", "Data Availability"],
  visibility: [],
  automation: [],
  governance: [],
};
