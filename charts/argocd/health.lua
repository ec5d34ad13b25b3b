-- What Argo CD shows of a SparkJob, from its conditions. docs/helm.md tells where to put this.
--
-- A program that ends is Progressing until it has ended, as a Job is: the next sync wave waits for it. What runs until
-- somebody stops it is Healthy once it runs: notebooks, shells, and programs that are always restarted.

local status = obj.status or {}

local holds = {}
for _, condition in ipairs(status.conditions or {}) do
  if condition.status == "True" then
    holds[condition.type] = condition
  end
end

-- The message, or else the reason, of a condition or of the status itself.
local function words(said, otherwise)
  if said.message ~= nil and said.message ~= "" then
    return said.message
  end
  return said.reason or otherwise
end

local function runs_on()
  if status.run ~= "Submit" then
    return true
  end
  local restart = (obj.spec or {}).restart or {}
  return restart.policy == "Always"
end

if status.observedGeneration == nil then
  return { status = "Progressing", message = "The operator has not seen this job yet." }
end
if status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "The operator has not seen the last edit yet." }
end
local wrong = holds.Failed or holds.Stalled
if wrong then
  return { status = "Degraded", message = words(wrong, "Failed") }
end
if holds.Completed then
  return { status = "Healthy", message = words(holds.Completed, "Completed") }
end
if status.phase == "Suspended" then
  return { status = "Suspended", message = words(status, "Suspended") }
end
if status.phase == "Running" and runs_on() then
  return { status = "Healthy", message = words(status, "Running") }
end
return { status = "Progressing", message = words(status, status.phase or "Pending") }
