-- 反馈：按公司名称认出客户，并带出服务渠道。认不出就留空，由客服补。
local feedback = {}

function feedback.before_create(rec, ctx)
  if rec.customer or not rec.company then
    return
  end
  app.as_system(function()
    local customer = app.form("customer"):find{where = {name = rec.company}, limit = 1}[1]
    if customer then
      rec.customer = customer._id
      rec.served_by = rec.served_by or customer.channel
    end
  end)
end

return feedback
