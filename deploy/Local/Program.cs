using System.CommandLine;
using Webhooks.Local.Commands;

// We decide ourselves what Ctrl-C means; the library would end the process two seconds after it.
return await RunCommand.Create().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
