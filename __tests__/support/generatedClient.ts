import globalAxios, { type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios';

/** In the manner of a client that openapi-generator writes: a base class that takes an axios instance. */
class BaseAPI {
  constructor(
    protected readonly basePath: string,
    protected readonly axios: AxiosInstance = globalAxios,
  ) {}
}

/** A generated operation first builds its config, and is then bound to the instance. */
const bind =
  <T>(axios: AxiosInstance, basePath: string, path: string, options: AxiosRequestConfig) =>
  (): Promise<AxiosResponse<T>> =>
    axios.request<T>({ ...options, url: (axios.defaults.baseURL ? '' : basePath) + path });

export class PatientApi extends BaseAPI {
  getPatient<T>(id: string, options: AxiosRequestConfig = {}): Promise<AxiosResponse<T>> {
    const config = { method: 'GET', headers: { Accept: 'application/fhir+json' }, ...options };
    return bind<T>(this.axios, this.basePath, `/Patient/${encodeURIComponent(id)}`, config)();
  }
}
