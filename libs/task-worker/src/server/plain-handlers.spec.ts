import {
  Catch,
  Controller,
  Injectable,
  Module,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CanActivate,
  type ExceptionFilter,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
  type Type,
} from '@nestjs/common';
import {
  APP_FILTER,
  APP_GUARD,
  APP_INTERCEPTOR,
  APP_PIPE,
  ModuleRef,
  ModulesContainer,
  NestFactory,
} from '@nestjs/core';
import { of } from 'rxjs';
import { Call, Ping, Record, Recorded } from '../../test/example-tasks.js';
import type { TaskContext } from '../job/context.js';
import { EventHandler, TaskHandler } from '../job/handlers.js';
import { configOf, plainHandlers } from './plain-handlers.js';

@Injectable()
class Guard implements CanActivate {
  canActivate = () => true;
}

@Injectable()
class Pipe implements PipeTransform {
  transform = (value: unknown) => value;
}

@Injectable()
class Interceptor implements NestInterceptor {
  intercept: NestInterceptor['intercept'] = (_context, next) => next.handle();
}

@Catch()
class Filter implements ExceptionFilter {
  catch = () => of(undefined);
}

@Controller()
class Plain {
  private readonly greeting = 'hello';

  @TaskHandler(Ping)
  async ping({ note }: { note: string }, { queue }: TaskContext) {
    await Promise.resolve(`${this.greeting} ${note} ${queue}`);
  }

  @EventHandler(Recorded)
  recorded() {}

  notAHandler() {}
}

@Controller()
class Inherits extends Plain {}

@Controller()
class Mixed {
  @TaskHandler(Ping)
  ping() {}

  @TaskHandler(Record)
  @UseGuards(Guard)
  record() {
    return { written: 1 };
  }

  @TaskHandler(Call)
  @UsePipes(Pipe)
  call() {}

  @EventHandler(Recorded)
  @UseInterceptors(Interceptor)
  recorded() {}
}

@Controller()
@UseFilters(Filter)
class Filtered {
  @TaskHandler(Ping)
  ping() {}
}

@Controller()
@UseGuards(Guard)
class Guarded extends Plain {}

@Controller({ scope: Scope.REQUEST })
class MadeForEach {
  @TaskHandler(Ping)
  ping() {}
}

async function namesOf(controllers: Type[], providers: Provider[] = []): Promise<string[]> {
  @Module({ controllers, providers })
  class Application {}
  const app = await NestFactory.createApplicationContext(Application, { logger: false });
  const plain = plainHandlers(app.get(ModulesContainer), configOf(app.get(ModuleRef)));
  await app.close();
  return [...plain.keys()].sort();
}

describe('Handlers that Nest need not be asked to call', () => {
  it.each<[string, Type, string[]]>([
    ['have nothing around them', Plain, [Recorded.name, Ping.name]],
    ['may be inherited', Inherits, [Recorded.name, Ping.name]],
    ['have no guard, pipe or interceptor', Mixed, [Ping.name]],
    ['have a controller without filters', Filtered, []],
    ['have a controller without guards', Guarded, []],
    ['have a controller that is there once', MadeForEach, []],
  ])('%s', async (_, controller, names) => {
    expect(await namesOf([controller])).toEqual(names);
  });

  it.each([
    [APP_GUARD, Guard],
    [APP_PIPE, Pipe],
    [APP_INTERCEPTOR, Interceptor],
    [APP_FILTER, Filter],
  ])('are none in an application with an %s', async (token, enhancer) => {
    expect(await namesOf([Plain], [{ provide: token, useClass: enhancer }])).toEqual([]);
    expect(await namesOf([Plain], [{ provide: token, useClass: enhancer, scope: Scope.REQUEST }])).toEqual([]);
  });

  it('are none where Nest does not tell what stands around all of them', async () => {
    expect(configOf({} as ModuleRef)).toBeUndefined();
    expect(plainHandlers(new ModulesContainer(), undefined).size).toBe(0);
  });
});
