-- Hooks of the test desk: a refusal, an endless loop, a button that fails.
local M = {}

function M.before_create(rec, ctx)
  if rec.title == "refuse me" then
    error("不收这样的工单")
  end
  if rec.title == "spin" then
    while true do end
  end
end

function M.fail(rec, ctx)
  error("按钮出错")
end

return M
