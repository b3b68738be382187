using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Webhooks.Dispatcher.Leadership;

namespace Webhooks.Dispatcher.Accounting;

/// <summary>Registers the folding of what each change of a delivery added to the accounts.</summary>
internal static class AccountingModule
{
    public static void AddAccounting(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<FoldStore>();
        builder.Services.AddDuty<AccountingFold>("folding of accounts", fold => fold.RunAsync);
    }
}
